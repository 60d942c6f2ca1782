"""Checks that a file with holes holds everything that is decoded for a segment, because zeros may decode to pictures, too."""

from pathlib import Path
from typing import TYPE_CHECKING

from container_worker.codes import Code
from container_worker.media.transcode.encode.formats import SOURCE_FORMATS
from container_worker.media.transcode.packet_table import base_of, ticks_in
from container_worker.media.transcode.planning.spans import BEHIND_PACKETS, HEAD_PACKETS
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.source import Picture
from scenequeue.jobs.transcode.spans import is_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import Packet
    from av.video.stream import VideoStream


def check_coverage(path: Path, picture: Picture, segment: Segment, seek_us: int | None, size: int) -> None:
    """Check that the packets which ffmpeg reads lie within the segment's spans.

    Args:
        path: the source, with holes.
        picture: its stream.
        segment: has the spans.
        seek_us: where ffmpeg begins, in microseconds; None for the start.
        size: of the source, in bytes.

    Raises:
        BadInput: one does not, or the keyframe at which decoding begins is not found.
    """
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS), "fflags": "+noparse"}

    def is_held(packet: "Packet[VideoStream]") -> bool:
        return packet.pos is not None and is_within((packet.pos, min(size, packet.pos + packet.size)), segment.ranges)

    with av.open(f"file:{path}", options=options) as source:
        stream = source.streams[picture.index]
        assert isinstance(stream, av.VideoStream)
        packets = (packet for packet in source.demux(stream) if packet.size)
        at_start = [is_held(packet) for _, packet in zip(range(HEAD_PACKETS), packets, strict=False)]
        if seek_us is not None:
            source.seek(seek_us)
        packets = (packet for packet in source.demux(stream) if packet.size)
        needed = [is_held(packet) for packet in _needed(packets, stream, picture, segment)]
    if not all(at_start) or not needed or not all(needed):
        raise BadInput(Code.SEGMENT_OUTSIDE_SPANS, segment=segment.number)


def _needed(
    packets: "Iterator[Packet[VideoStream]]", stream: "VideoStream", picture: Picture, segment: Segment
) -> "Iterator[Packet[VideoStream]]":
    """Yield the packets from the keyframe on, until all frames of the segment and some more were there."""
    begin = segment.start_pts if segment.lead_pts is None else segment.lead_pts
    end = segment.tail_pts if segment.tail_frames else segment.end_pts
    left, behind = segment.lead_frames + segment.frames + segment.tail_frames, BEHIND_PACKETS
    is_begun = segment.seek_pts is None
    for packet in packets:
        pts = None if packet.pts is None else ticks_in(picture.time_base, base_of(stream), packet.pts)
        is_begun = is_begun or pts == segment.seek_pts
        if not is_begun:
            continue
        yield packet
        if not packet.is_discard and pts is not None and (begin is None or pts >= begin) and (end is None or pts < end):
            left -= 1
        elif left <= 0:
            behind -= 1
        if left <= 0 and behind <= 0:
            return
