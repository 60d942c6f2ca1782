"""Checks that a file with holes holds everything that is decoded for a segment, because zeros may decode to pictures, too."""

from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from container_worker.codes import Code
from container_worker.media.transcode.encode.argv import seek_us
from container_worker.media.transcode.encode.formats import HEAD_BYTES, SOURCE_FORMATS, is_matroska
from container_worker.media.transcode.matroska import hide_holes
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


def check_coverage(path: Path, picture: Picture, segment: Segment, size: int) -> None:
    """Check that the packets which ffmpeg reads lie within the segment's spans; holes in Matroska become elements to skip.

    Args:
        path: the source, with holes.
        picture: its stream.
        segment: has the spans.
        size: of the source, in bytes.

    Raises:
        BadInput: one does not, or not all frames are found.
    """
    refusal = BadInput(Code.SEGMENT_OUTSIDE_SPANS, segment=segment.number)
    with path.open("r+b") as file:
        if is_matroska(file.read(HEAD_BYTES)) and not hide_holes(file, segment.ranges, size):
            raise refusal
    with _opened(path, picture, None) as (_, packets):
        if not all(_is_held(packet, segment, size) for packet in islice(packets, HEAD_PACKETS)):
            raise refusal
    with _opened(path, picture, seek_us(picture, segment, 0)) as (stream, packets):
        if not _is_held_from_keyframe(packets, stream, picture, segment, size):
            raise refusal


@contextmanager
def _opened(path: Path, picture: Picture, seek_us: int | None) -> "Iterator[tuple[VideoStream, Iterator[Packet[VideoStream]]]]":
    """Open the source, and provide the stream with its packets from a place on."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS), "fflags": "+noparse"}
    with av.open(f"file:{path}", options=options) as source:
        stream = source.streams[picture.index]
        assert isinstance(stream, av.VideoStream)
        if seek_us is not None:
            source.seek(seek_us)
        yield stream, (packet for packet in source.demux(stream) if packet.size)


def _is_held_from_keyframe(
    packets: "Iterator[Packet[VideoStream]]", stream: "VideoStream", picture: Picture, segment: Segment, size: int
) -> bool:
    """Return True if all packets are held from the keyframe on, until all frames of the segment and some more were there."""
    begin = segment.start_pts if segment.lead_pts is None else segment.lead_pts
    end = segment.tail_pts if segment.tail_frames else segment.end_pts
    left, behind = segment.lead_frames + segment.frames + segment.tail_frames, BEHIND_PACKETS
    is_begun = segment.seek_pts is None
    for packet in packets:
        pts = None if packet.pts is None else ticks_in(picture.time_base, base_of(stream), packet.pts)
        is_begun = is_begun or pts == segment.seek_pts
        if not is_begun:
            continue
        if not _is_held(packet, segment, size):
            return False
        if not packet.is_discard and pts is not None and (begin is None or pts >= begin) and (end is None or pts < end):
            left -= 1
        elif left <= 0:
            behind -= 1
        if left <= 0 and behind <= 0:
            break
    return left <= 0


def _is_held(packet: "Packet[VideoStream]", segment: Segment, size: int) -> bool:
    return packet.pos is not None and is_within((packet.pos, min(size, packet.pos + packet.size)), segment.ranges)
