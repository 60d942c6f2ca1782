"""Writes one track as a fragmented MP4 with the times of the plan, and describes its segments."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from container_worker.media.transcode.hls.codec_strings import Colour, codec_string, video_range
from container_worker.media.transcode.hls.cuts import nearest
from container_worker.media.transcode.hls.fragments import read_fragments
from container_worker.media.transcode.hls.init_segment import write_delay
from container_worker.media.transcode.packet_content import codec_of
from scenequeue.jobs.transcode.hls import HlsMedia, HlsSegment

if TYPE_CHECKING:
    from av import Packet as AvPacket
    from av.container import OutputContainer
    from av.stream import Stream

#: Length of a fragment of sound, in microseconds; a segment consists of several. A picture's has one keyframe.
_SOUND_FRAGMENT_US = 500_000
#: FFmpeg's numbers of a colour that is not described, and of the full range.
_UNSPECIFIED, _FULL_RANGE = 2, 2


def package(
    path: Path,
    add_stream: "Callable[[OutputContainer], Stream]",
    packets: "Iterable[AvPacket[Any]]",
    *,
    cuts: Sequence[int] | None = None,
    cut_times_s: Sequence[Fraction] = (),
    timescale: int | None = None,
    shift_s: int,
) -> HlsMedia:
    """Write a track's packets; return how the file is cut.

    Args:
        path: of the file.
        add_stream: adds its stream to it.
        packets: in the order of decoding, with their times.
        cuts: of a picture: positions of the packets with which segments begin; None for sound.
        cut_times_s: of sound: times of the source, in seconds, near which segments begin.
        timescale: of a picture: ticks per second.
        shift_s: is added to all times.

    Raises:
        ValueError: the file is not fragmented as it should be.
    """
    import av

    pts, end, delay_s = array("q"), 0, Fraction(-1)
    flags = "+empty_moov+default_base_moof+frag_discont+skip_trailer"
    flags += "+frag_keyframe" if cuts is not None else "+delay_moov"
    options = {
        "movflags": flags, "use_editlist": "0", "avoid_negative_ts": "disabled", "brand": "cmfc", "fflags": "+bitexact",
        **({} if cuts is not None else {"frag_duration": str(_SOUND_FRAGMENT_US)}),
    }  # fmt: skip
    if timescale is not None:
        options["video_track_timescale"] = str(timescale)
    with av.open(f"file:{path}", "w", format="mp4", options=options) as file:
        stream = add_stream(file)
        for packet in packets:
            assert packet.pts is not None
            assert packet.dts is not None
            if delay_s < 0:
                # Players count from the first packet that is decoded, which is therefore where the first frame shown is meant.
                delay_s = (packet.pts - packet.dts) * packet.time_base
            _delay(packet, delay_s + shift_s)
            packet.stream = stream
            file.mux(packet)
            pts.append(packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
        assert stream.time_base is not None
        ticks, delay = stream.time_base.denominator, int(delay_s / stream.time_base)
    if delay:
        write_delay(path, read_fragments(path)[0], delay)
    return _described(path, [each - delay for each in pts], end - delay, ticks, cuts, cut_times_s, shift_s)


def _delay(packet: "AvPacket[Any]", seconds: Fraction) -> None:
    """Add seconds to a packet's times, in ticks that hold them exactly."""
    assert packet.pts is not None
    assert packet.dts is not None
    times, ticks = packet.time_base.numerator, packet.time_base.denominator
    added = int(seconds * ticks)
    packet.pts, packet.dts, packet.duration = (
        packet.pts * times + added, packet.dts * times + added, (packet.duration or 0) * times,
    )  # fmt: skip
    packet.time_base = Fraction(1, ticks)


def _described(
    path: Path,
    pts: Sequence[int],
    end: int,
    timescale: int,
    cuts: Sequence[int] | None,
    cut_times_s: Sequence[Fraction],
    shift_s: int,
) -> HlsMedia:
    init_bytes, fragments = read_fragments(path)
    firsts = [0, *accumulate(each.packets for each in fragments)]
    if firsts.pop() != len(pts):
        raise ValueError(len(pts))
    if cuts is not None:
        place = {first: at for at, first in enumerate(firsts)}
        chosen = [place.get(cut, -1) for cut in cuts]
    else:
        chosen = nearest([Fraction(pts[first], timescale) - shift_s for first in firsts], cut_times_s)
    if min(chosen) < 0:
        raise ValueError(cuts)
    bounds, shown = [*chosen, len(fragments)], sorted(pts)
    # As many frames are shown before a segment as are decoded before it.
    starts = [*(shown[firsts[at]] for at in chosen), end]
    packets = [*(firsts[at] for at in chosen), len(pts)]
    segments = [
        HlsSegment(bytes=fragments[last - 1].end - fragments[first].begin, duration=later - begin, packets=behind - at)
        for (first, last), (begin, later), (at, behind) in zip(
            pairwise(bounds), pairwise(starts), pairwise(packets), strict=True
        )
    ]  # fmt: skip
    is_independent = all(pts[firsts[at]] == shown[firsts[at]] for at in chosen)
    return HlsMedia(
        timescale=timescale, init_bytes=init_bytes, segments=segments, shift_s=shift_s, is_independent=is_independent,
        **facts_of(path),
    )  # fmt: skip


def facts_of(path: Path) -> dict[str, Any]:
    """Return what playlists tell of a file's stream: its codec, and the picture's size and range or the sound's channels.

    Raises:
        ValueError: no playlist can name its codec.
    """
    import av

    with av.open(f"file:{path}", options={"protocol_whitelist": "file", "format_whitelist": "mov"}) as file:
        stream = file.streams[0]
        context = stream.codec_context
        codec, extradata = codec_of(context.name), context.extradata or b""
        if not isinstance(stream, av.VideoStream):
            assert isinstance(stream, av.AudioStream)
            return {"codecs": codec_string(codec, extradata), "channels": stream.codec_context.channels}
        picture = stream.codec_context
        colour = Colour(
            _or_usual(int(picture.color_primaries)), _or_usual(int(picture.color_trc)), _or_usual(int(picture.colorspace)),
            is_full=int(picture.color_range) == _FULL_RANGE,
        )  # fmt: skip
        return {
            "codecs": codec_string(codec, extradata, colour), "width": picture.width, "height": picture.height,
            "video_range": video_range(colour.transfer),
        }  # fmt: skip


def _or_usual(number: int) -> int:
    return Colour().primaries if number == _UNSPECIFIED else number
