"""Checks that a file with holes holds everything that is decoded for a segment, because zeros may decode to pictures, too."""

from collections.abc import Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from container_worker.codes import Code
from container_worker.media.transcode.encode.argv import seek_us
from container_worker.media.transcode.encode.formats import HEAD_BYTES, SOURCE_FORMATS, is_matroska, is_mp4
from container_worker.media.transcode.matroska import hide_holes
from container_worker.media.transcode.packet_table import base_of, ticks_in
from container_worker.media.transcode.planning.spans import BEHIND_PACKETS, HEAD_PACKETS
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.plan import Segment
from scenequeue.jobs.transcode.source import Picture
from scenequeue.jobs.transcode.spans import Span, is_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import Packet
    from av.video.stream import VideoStream

    _Packets: TypeAlias = Iterator[Packet[VideoStream]]

#: Name in the scratch folder.
_CONTINUOUS_FILE = "continuous"
_CHUNK_BYTES = 1024 * 1024


def without_holes(path: Path, picture: Picture, segment: Segment, size: int) -> tuple[Path, Segment]:
    """Make a file from which ffmpeg can decode a segment, and check that everything is there.

    Args:
        path: the source, with holes.
        picture: its stream.
        segment: has the spans.
        size: of the source, in bytes.

    Returns:
        An MP4 or MOV as it is; a Matroska file with elements to skip in the place of holes; of another format, which has no
        index, a file of the spans, and the segment to read it from its beginning.

    Raises:
        BadInput: something is missing.
    """
    refusal = BadInput(Code.SEGMENT_OUTSIDE_SPANS, segment=segment.number)
    with path.open("r+b") as file:
        head = file.read(HEAD_BYTES)
        if is_matroska(head) and not hide_holes(file, segment.ranges, size):
            raise refusal
        is_continuous = not is_matroska(head) and not is_mp4(head)
        if is_continuous:
            path = path.with_name(_CONTINUOUS_FILE)
            _put_together(file, segment.ranges, path)
    with _opened(path, picture, None, is_parsed=is_continuous) as (_, packets):
        if not is_continuous and not all(_is_held(packet, segment, size) for packet in islice(packets, HEAD_PACKETS)):
            raise refusal
    seek = None if is_continuous else seek_us(picture, segment, 0)
    with _opened(path, picture, seek, is_parsed=is_continuous) as (stream, packets):
        if not _is_held_from_keyframe(packets, stream, picture, segment, None if is_continuous else size):
            raise refusal
    return path, segment.model_copy(update={"seek_pts": None}) if is_continuous else segment


def _put_together(file: BinaryIO, spans: Sequence[Span], target: Path) -> None:
    with target.open("wb") as made:
        for begin, end in spans:
            file.seek(begin)
            for at in range(begin, end, _CHUNK_BYTES):
                made.write(file.read(min(_CHUNK_BYTES, end - at)))


@contextmanager
def _opened(path: Path, picture: Picture, seek_us: int | None, *, is_parsed: bool) -> "Iterator[tuple[VideoStream, _Packets]]":
    """Open the source, and provide the stream with its packets from a place on."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS)}
    # Only a parser tells the frames of a format without an index.
    options |= {} if is_parsed else {"fflags": "+noparse"}
    with av.open(f"file:{path}", options=options) as source:
        stream = source.streams[picture.index]
        assert isinstance(stream, av.VideoStream)
        if seek_us is not None:
            source.seek(seek_us)
        yield stream, (packet for packet in source.demux(stream) if packet.size)


def _is_held_from_keyframe(
    packets: "_Packets", stream: "VideoStream", picture: Picture, segment: Segment, size: int | None
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
        if size is not None and not _is_held(packet, segment, size):
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
