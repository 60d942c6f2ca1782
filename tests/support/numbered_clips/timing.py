"""Clips with unusual times: variable frame rates, late and early starts, edit lists, clocks that wrap or are set back."""

from fractions import Fraction
from pathlib import Path

import av

from tests.support.numbered_clips.clip import Clip, Outcome
from tests.support.numbered_clips.making import X264, encode, run_ffmpeg

#: Ticks of 1/90000 s: frames of 33 or 40 ms, at times a gap of half a second.
_PHONE = "N*3000+mod(N*N,7)*90+floor(N/37)*45000"
#: Ticks of 1/1000 s, between 20 and 60 ms a frame.
_VARIABLE = "N*40+mod(N*7,3)*9"
#: MPEG-TS has 33 bits for a time of 90 kHz.
_WRAP_S = Fraction(1 << 33, 90_000)
_NO_REORDER = (*X264, "-bf", "0")
#: Without the second by which the multiplexer would delay both.
_FROM_ZERO = ("-muxdelay", "0", "-muxpreload", "0")


def _variable(folder: Path, name: str, ticks: str, second: int) -> Path:
    options = ("-vf", f"settb=1/{second},setpts='{ticks}'", "-fps_mode", "passthrough", "-enc_time_base", f"1/{second}")
    return encode(folder / name, video=(*X264, *options), options=("-video_track_timescale", str(second)))


def _moved(folder: Path, name: str, by_s: float | Fraction, *options: str) -> Path:
    return encode(folder / name, options=("-output_ts_offset", f"{float(by_s):.6f}", *options))


def _hidden(folder: Path) -> Path:
    # The packets begin at the keyframe 25; an edit list hides those before 1.32 s.
    run_ffmpeg("-ss", "1.32", "-i", encode(folder / "long.mp4"), "-c", "copy", folder / "a.mp4")
    return folder / "a.mp4"


def _with_times(folder: Path, change: dict[int, int]) -> Path:
    """Make a Matroska file in which the packets of these numbers have the times of others."""
    path = folder / "a.mkv"
    with (
        av.open(str(encode(folder / "plain.mkv", video=_NO_REORDER, sounds=0))) as source,
        av.open(str(path), "w") as made,
    ):
        stream = made.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(source.streams.video[0]) if packet.size]
        times = [packet.pts for packet in packets]
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = times[change.get(number, number)]
            packet.stream = stream
            made.mux(packet)
    return path


def _set_back(folder: Path) -> Path:
    """Make two streams, one behind the other, whose times begin at twenty and then at ten seconds."""
    parts = [
        encode(folder / f"{first}.ts", 75, first=first, options=("-output_ts_offset", begin_s, *_FROM_ZERO))
        for first, begin_s in ((0, "20"), (75, "10"))
    ]
    (folder / "a.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    return folder / "a.ts"


def _elementary(folder: Path) -> Path:
    return encode(folder / "a.h264", sounds=0)


CLIPS = (
    Clip("vfr-mp4", lambda folder: _variable(folder, "a.mp4", _VARIABLE, 1000)),
    Clip("vfr-mkv", lambda folder: _variable(folder, "a.mkv", _VARIABLE, 1000)),
    Clip("vfr-phone", lambda folder: _variable(folder, "a.mp4", _PHONE, 90_000)),
    Clip("mkv-from-5.24", lambda folder: _moved(folder, "a.mkv", 5.24)),
    Clip("empty-edit", lambda folder: encode(folder / "a.mp4", before=("-itsoffset", "1.5"))),
    Clip("hidden-pre-roll", _hidden, numbers=range(33, 100)),
    Clip("ts-wrap", lambda folder: _moved(folder, "a.ts", _WRAP_S - 2, *_FROM_ZERO)),
    # What Matroska's demuxer gives before zero has no time.
    Clip(
        "negative-mkv", lambda folder: _moved(folder, "a.mkv", -0.48, "-avoid_negative_ts", "disabled"), Outcome.WHOLE,
        has_times=False, code="not_divided_pts_missing",
    ),
    Clip("negative-mp4", lambda folder: _moved(folder, "a.mp4", -0.48, "-avoid_negative_ts", "disabled"), numbers=range(12, 100)),
    Clip("negative-ts", lambda folder: _moved(folder, "a.ts", _WRAP_S - 0.48, *_FROM_ZERO)),
    Clip("late-sound", lambda folder: encode(folder / "a.mkv", 125, sounds=2, offsets_s=(0, 1.5)), sounds=2, numbers=range(125)),
    Clip("one-frame", lambda folder: encode(folder / "a.mp4", 1, 2), numbers=range(1)),
    Clip("one-frame-silent", lambda folder: encode(folder / "a.mp4", 1, sounds=0), numbers=range(1), sounds=0),
    Clip(
        "repeated-pts", lambda folder: _with_times(folder, {40: 39, 41: 39}), Outcome.WHOLE, has_times=False, sounds=0,
        code="not_divided_pts_repeated",
    ),
    Clip("reset-pts", _set_back, Outcome.REFUSED, range(150), code="source_clock_set_back"),
    Clip("elementary", _elementary, Outcome.WHOLE, has_times=False, sounds=0, code="not_divided_elementary"),
)  # fmt: skip
