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
    import av

    held = [(begin, min(size, end)) for begin, end in segment.ranges]
    with path.open("r+b") as file:
        head = file.read(HEAD_BYTES)
        is_whole = not is_matroska(head) or hide_holes(file, held, size)
        is_continuous = not is_matroska(head) and not is_mp4(head)
        if is_continuous:
            path = path.with_name(_CONTINUOUS_FILE)
            _put_together(file, held, path)
    needed = [_last_in(held)] if is_continuous else held
    seek = None if is_continuous else seek_us(picture, segment, 0)
    ends_early = is_continuous and held[-1][1] < size
    try:
        is_whole = (
            is_whole
            and (is_continuous or _is_beginning_held(path, picture, held, size))
            and _is_held_from_keyframe(path, picture, segment, needed, size, ends_early=ends_early, seek=seek)
        )
    except (av.FFmpegError, IndexError) as error:
        # Zeros in the place of what tells the streams.
        if isinstance(error, MemoryError):
            raise
        is_whole = False
    if not is_whole:
        raise BadInput(Code.SEGMENT_OUTSIDE_SPANS, segment=segment.number)
    return path, segment.model_copy(update={"seek_pts": None}) if is_continuous else segment


def _last_in(spans: Sequence[Span]) -> Span:
    """Return the place of the last span in a file that is put together from all."""
    total = sum(end - begin for begin, end in spans)
    return total - (spans[-1][1] - spans[-1][0]), total


def _put_together(file: BinaryIO, spans: Sequence[Span], target: Path) -> None:
    with target.open("wb") as made:
        for begin, end in spans:
            file.seek(begin)
            for at in range(begin, end, _CHUNK_BYTES):
                made.write(file.read(min(_CHUNK_BYTES, end - at)))


@contextmanager
def _opened(path: Path, picture: Picture, seek_us: int | None) -> "Iterator[tuple[VideoStream, _Packets]]":
    """Open the source, and provide the stream with its packets from a place on."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(SOURCE_FORMATS)}
    # Only a parser tells the frames of a format without an index.
    options |= {} if path.name == _CONTINUOUS_FILE else {"fflags": "+noparse"}
    with av.open(f"file:{path}", options=options) as source:
        stream = source.streams[picture.index]
        assert isinstance(stream, av.VideoStream)
        if seek_us is not None:
            source.seek(seek_us)
        yield stream, (packet for packet in source.demux(stream) if packet.size)


def _is_beginning_held(path: Path, picture: Picture, held: Sequence[Span], size: int) -> bool:
    with _opened(path, picture, None) as (_, packets):
        return all(_is_held(packet, held, size) for packet in islice(packets, HEAD_PACKETS))


def _is_held_from_keyframe(
    path: Path, picture: Picture, segment: Segment, held: Sequence[Span], size: int, *, ends_early: bool, seek: int | None
) -> bool:
    """Return True if all packets are held from the keyframe on, until all frames of the segment and some more were there.

    Args:
        path: the file.
        picture: its stream.
        segment: gives the frames.
        held: spans of the file.
        size: of the source, in bytes.
        ends_early: True if the file goes on behind them, so that the last packet of all may be incomplete.
        seek: where ffmpeg begins, in microseconds; None for the start.
    """
    begin = segment.start_pts if segment.lead_pts is None else segment.lead_pts
    end = segment.tail_pts if segment.tail_frames else segment.end_pts
    left, behind = segment.lead_frames + segment.frames + segment.tail_frames, 0
    is_begun = segment.seek_pts is None
    with _opened(path, picture, seek) as (stream, packets):
        for packet in packets:
            pts = None if packet.pts is None else ticks_in(picture.time_base, base_of(stream), packet.pts)
            is_begun = is_begun or pts == segment.seek_pts
            if not is_begun:
                continue
            if not _is_held(packet, held, size):
                return False
            if not packet.is_discard and pts is not None and (begin is None or pts >= begin) and (end is None or pts < end):
                left -= 1
            elif left <= 0:
                behind += 1
            if left <= 0 and behind >= BEHIND_PACKETS:
                break
    return left <= 0 and (behind > 0 or not ends_early)


def _is_held(packet: "Packet[VideoStream]", held: Sequence[Span], size: int) -> bool:
    return packet.pos is not None and is_within((packet.pos, min(size, packet.pos + packet.size)), held)
