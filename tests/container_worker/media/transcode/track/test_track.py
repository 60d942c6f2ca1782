"""Tracks beside the picture, copied and converted by a real ffmpeg."""

from pathlib import Path

import numpy as np
import pytest

from container_worker.media.transcode.sound_envelope import STEP_S, unpack
from container_worker.media.transcode.track.argv import made_rate_hz
from container_worker.media.transcode.track.child import in_order
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import Packet, TrackReport
from tests.container_worker.media.transcode.encode.clips import ffmpeg
from tests.container_worker.media.transcode.joining.joins import make_track, packets_of, track, with_sound

_CUES = "1\n00:00:00,500 --> 00:00:01,200\nhello\n\n2\n00:00:02,000 --> 00:00:02,500\nbye\n"


def _report(source: Path, folder: Path, index: int, codec: str, action: str, kind: str = "audio") -> TrackReport:
    folder.mkdir()
    make_track(source, track(index, codec, action, kind), folder)
    return TrackReport.model_validate_json((folder / f"track-{index}.json").read_text())


@pytest.mark.parametrize(
    ("codec", "ending"),
    [
        ("ac3", "mkv"), ("eac3", "mkv"), ("libmp3lame", "mkv"), ("libopus", "webm"), ("libvorbis", "webm"), ("flac", "mkv"),
        ("alac", "mp4"), ("pcm_s16le", "mkv"), ("libopus", "mp4"), ("ac3", "mp4"), ("flac", "mp4"), ("mp2", "ts"),
    ],
)  # fmt: skip
def test_a_copy_has_the_packets_and_times_of_the_source(tmp_path: Path, codec: str, ending: str) -> None:
    """The table has the source's own times, in its own ticks."""
    source = tmp_path / f"a.{ending}"
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=1:r=48000", "-c:a", codec, source)
    report = _report(source, tmp_path / "track", 0, codec, "copy")
    expected = packets_of(source, 0)
    tick_s = report.table.time_base[0] / report.table.time_base[1]
    assert [row.bytes for row in report.table.packets] == [len(data) for _, data in expected]
    assert [row.pts * tick_s for row in report.table.packets] == pytest.approx([at for at, _ in expected])


@pytest.mark.parametrize(("action", "priming", "rate_hz"), [("aac", 1024, 44_100), ("opus", 312, 48_000)])
def test_converted_sound_begins_with_the_source(tmp_path: Path, action: str, priming: int, rate_hz: int) -> None:
    """The first packet holds the encoder's run-up, so that the first sample has the time that it has in the source."""
    source = tmp_path / "a.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=1:r=44100", source)
    ffmpeg("-itsoffset", "0.75", "-i", source, "-c", "copy", tmp_path / "a.mkv")
    report = _report(tmp_path / "a.mkv", tmp_path / "track", 0, "pcm_s16le", action)
    assert report.table.time_base == (1, rate_hz)
    assert report.skip_start == priming
    # mkv keeps the 0.75 s as they are, less its own start.
    begin = packets_of(tmp_path / "a.mkv", 0)[0][0]
    assert report.table.packets[0].pts == round(begin * rate_hz) - priming


@pytest.mark.parametrize("lost_s", [0.02, 0.05, 0.35])
def test_gaps_become_silence(tmp_path: Path, lost_s: float) -> None:
    """The sound after a lost packet is not earlier in the converted track."""
    source = tmp_path / "a.mkv"
    lost = f"asetnsamples=240,aselect='not(between(t,0.5,{0.499 + lost_s}))'"
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=2:r=48000", "-af", lost, "-c:a", "pcm_s16le", source)
    packets = _report(source, tmp_path / "track", 0, "pcm_s16le", "aac").table.packets
    assert (packets[-1].pts + packets[-1].duration) / 48_000 == pytest.approx(2, abs=1024 / 48_000)


@pytest.mark.parametrize("action", ["aac", "opus"])
@pytest.mark.parametrize(("rate_hz", "channels"), [(48_000, 6), (32_000, 1), (44_100, 2)])
def test_sound_whose_format_changes_midway_is_converted_to_its_end(
    tmp_path: Path, rate_hz: int, channels: int, action: str
) -> None:
    """A second of silence and one of a tone in another format: the tone is heard from its place to the end."""
    one, other, both = (tmp_path / name for name in ("one.ac3", "other.ac3", "both.ac3"))
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=1", one)
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=1", "-ar", rate_hz, "-ac", channels, other)
    both.write_bytes(one.read_bytes() + other.read_bytes())
    ffmpeg("-i", both, "-c", "copy", tmp_path / "source.ts")
    report = _report(tmp_path / "source.ts", tmp_path / "track", 0, "ac3", action)
    levels = unpack(report.envelope)
    (begin, *_, end) = (step * STEP_S for step in np.flatnonzero(levels > levels.max() / 2))
    assert (begin, end) == pytest.approx((1, 2), abs=0.1)
    packets = report.table.packets
    tick_s = report.table.time_base[0] / report.table.time_base[1]
    assert (packets[-1].pts + packets[-1].duration - packets[0].pts) * tick_s == pytest.approx(2, abs=0.12)


@pytest.mark.parametrize(
    ("ending", "codec", "action"),
    [("mp4", "mov_text", "copy"), ("mp4", "mov_text", "webvtt"), ("mkv", "subrip", "copy"), ("mkv", "subrip", "mov_text")],
)
def test_subtitles_keep_their_times(tmp_path: Path, ending: str, codec: str, action: str) -> None:
    """Copied and converted."""
    (tmp_path / "a.srt").write_text(_CUES)
    clip, source = with_sound(tmp_path, "b.mp4"), tmp_path / f"c.{ending}"
    ffmpeg("-i", clip, "-i", tmp_path / "a.srt", "-c", "copy", "-c:s", codec, source)
    report = _report(source, tmp_path / "track", 2, codec, action, "subtitle")
    tick_s = report.table.time_base[0] / report.table.time_base[1]
    # MP4 has packets without text between the cues.
    shown = [(row.pts * tick_s, row.duration * tick_s) for row in report.table.packets if row.bytes > 2]
    assert shown == [pytest.approx((0.5, 0.7), abs=0.002), pytest.approx((2.0, 0.5), abs=0.002)]


def test_texts_of_an_mp4_that_overlap_or_last_no_time_are_copied(tmp_path: Path) -> None:
    """The muxer puts other packets without text between them than the source has; each text is there once, at its time."""
    cues = ("1,000 --> 00:00:01,000\nzero", "1,000 --> 00:00:03,000\none", "1,500 --> 00:00:02,000\ntwo")
    (tmp_path / "a.srt").write_text("\n\n".join(f"{number}\n00:00:0{cue}" for number, cue in enumerate(cues, 1)))
    clip, source = with_sound(tmp_path, "b.mp4"), tmp_path / "c.mp4"
    ffmpeg("-i", clip, "-i", tmp_path / "a.srt", "-c", "copy", "-c:s", "mov_text", source)
    report = _report(source, tmp_path / "track", 2, "mov_text", "copy", "subtitle")
    tick_s = report.table.time_base[0] / report.table.time_base[1]
    shown = [row.pts * tick_s for row in report.table.packets if row.bytes > 2]
    assert shown == pytest.approx([1, 1, 1.5], abs=0.001)


def test_a_track_without_packets_is_refused(tmp_path: Path) -> None:
    """The error names the track."""
    source = tmp_path / "a.mkv"
    silent = ("-f", "lavfi", "-i", "anullsrc=d=0.1", "-af", "atrim=end_sample=0", "-c:a", "pcm_s16le")
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=0.2", *silent, source)
    with pytest.raises(BadInput, match="track 1 of the source has no packets"):
        _report(source, tmp_path / "track", 1, "aac", "copy")


def test_rates_of_converted_sound() -> None:
    """AAC keeps the source's rate where it has it; Opus has one."""
    assert [made_rate_hz("aac", rate) for rate in (44_100, 192_000, 47_999, 1)] == [44_100, 96_000, 44_100, 7_350]
    assert made_rate_hz("opus", 44_100) == 48_000


def test_sound_that_overlaps_gets_increasing_times() -> None:
    """A packet that begins before the last one is moved behind it by a tick; the others keep their times."""
    rows = [Packet(pts=pts, dts=pts, duration=10, bytes=1, digest="0" * 16) for pts in (0, 10, 6, 16, 26)]
    assert [(row.pts, row.dts) for row in in_order(rows)] == [(0, 0), (10, 10), (11, 11), (16, 16), (26, 26)]
