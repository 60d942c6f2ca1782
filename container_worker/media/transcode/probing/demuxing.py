"""Opens a source, and reads the table of its picture's packets."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.transcode.probing.beside import SoundChanges, Texts
from container_worker.media.transcode.probing.packets import MAX_PACKETS, NO_TIME, Flag, Packets, Row
from scenequeue.errors import BadInput

#: Demuxers that may open a source: none of them opens other files.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "mpeg", "flv", "avi", "asf", "ogg", "mxf", "nut", "ivf", "wtv",
    "rm", "dv", "gxf", "h264", "hevc", "vvc", "m4v", "mpegvideo", "obu", "yuv4mpegpipe",
)  # fmt: skip
_SAFELY = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS), "enable_drefs": "0", "use_absolute_path": "0"}
#: Types of the streams that become tracks.
_TRACKS = frozenset({"audio", "subtitle"})
#: Packets between two reports of progress.
_REPORT_EVERY = 20_000
#: First packets in which the mark of packed frames is looked for.
_MARKED_PACKETS = 3
#: Xvid and DivX mark a stream whose packets hold several frames.
_PACKED = re.compile(rb"DivX\d+(?:b|Build)\d+p")
#: Codec whose frames may be hidden, without a mark in the container.
_VP8_SHOWN = 0x10


@dataclass
class Table:
    """The packets of a picture, and what only packets tell."""

    packets: Packets = field(default_factory=Packets)
    #: Duration of the frame that is shown last, in ticks; 0 if unknown.
    last_duration: int = 0
    is_packed: bool = False
    #: True if frames that are shown before the first keyframe can be decoded (MPEG-2's closed GOP).
    has_leading_frames: bool = False
    #: True if reading ended at a damaged place.
    ends_early: bool = False
    #: Indexes of the sounds whose format changes; none of an MP4 or MOV, as only its index is read.
    changing_sounds: set[int] = field(default_factory=set)
    #: Number of texts that are not UTF-8, by the index of their stream; likewise.
    unreadable_texts: dict[int, int] = field(default_factory=dict)
    #: Indexes of the tracks of sound and subtitles that have packets with times.
    with_packets: set[int] = field(default_factory=set)


@contextmanager
def opened(path: Path, name: str, **options: str) -> Iterator[Any]:
    """Open the source in PyAV; other files that it refers to are not opened.

    Args:
        path: the file.
        name: for messages.
        options: of the demuxer.

    Raises:
        BadInput: no demuxer that we allow can read it.
    """
    import av
    from av.error import FFmpegError

    try:
        container: Any = av.open(str(path), options={**_SAFELY, **options}, metadata_errors="replace")
    except FFmpegError as error:
        # Errors of the system, such as a full disk or too little memory, are not about this file.
        if isinstance(error, OSError | MemoryError):
            raise
        raise BadInput(Code.SOURCE_UNREADABLE, input=name, problem=error.strerror or type(error).__name__) from None
    try:
        yield container
    finally:
        container.close()


def read_table(path: Path, index: int, name: str, on_bytes: Callable[[int], None]) -> Table:
    """Demux all packets of the picture.

    Of an MP4 or MOV, the index is enough: packets may be missing from a sparse file, as they are not looked into.

    Args:
        path: the file.
        index: of the picture's stream.
        name: for messages.
        on_bytes: called now and then with the position in the file.

    Raises:
        BadInput: it cannot be opened, or has too many frames.
    """
    size = path.stat().st_size
    # Without a parser, which would look into the packets, keyframes are those that the index of an MP4 names.
    with opened(path, name) as container:
        is_mov = "mp4" in container.format.name.split(",")
    with opened(path, name, **({"fflags": "+noparse"} if is_mov else {})) as container:
        stream = container.streams[index]
        if is_mov:
            _lengthen(path, stream, size)
        table = Table()
        codec = stream.codec_context.name
        latest = NO_TIME
        beside = [each for each in container.streams if each.type in _TRACKS]
        # The index of an MP4 counts them; one in fragments has no such count.
        table.with_packets = {each.index for each in beside if is_mov and each.frames}
        unknown = [each for each in beside if each.index not in table.with_packets]
        sounds, texts = SoundChanges([] if is_mov else beside), Texts([] if is_mov else beside)
        for number, packet in enumerate(_packets(container, stream, unknown, (sounds, texts), table)):
            if number >= MAX_PACKETS:
                raise BadInput(Code.SOURCE_HAS_TOO_MANY_FRAMES, input=name, limit=MAX_PACKETS)
            row = _row(packet, codec, size if is_mov else None)
            table.packets.append(row)
            if not row.flags & Flag.HIDDEN and row.pts > latest:
                latest, table.last_duration = row.pts, packet.duration or 0
            if number < _MARKED_PACKETS and codec in {"mpeg4", "mpeg2video"}:
                _look_into(bytes(packet), codec, is_first=not number, table=table)
            if number % _REPORT_EVERY == 0:
                on_bytes(max(0, row.pos))
        if codec == "mpeg4":
            table.is_packed |= bool(_PACKED.search(stream.codec_context.extradata or b""))
        table.changing_sounds, table.unreadable_texts = sounds.found, dict(texts.unreadable)
        return table


def _lengthen(path: Path, stream: Any, size: int) -> None:
    """Give the file the size that its index says, so that packets behind its end are listed, too."""
    end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    if end > size:
        # Beyond the limit of a child's files, the packets end earlier.
        with suppress(OSError):
            os.truncate(path, end)


def _packets(
    container: Any, picture: Any, beside: Sequence[Any], found: tuple[SoundChanges, Texts], table: Table
) -> Iterator[Any]:
    """Yield the packets of the picture, while those of the streams beside it are looked at."""
    from av.error import FFmpegError

    try:
        for packet in container.demux(picture, *beside):
            if not packet.size:
                continue
            if packet.stream_index == picture.index:
                yield packet
                continue
            for each in found:
                each.look_at(packet)
            if packet.pts is not None:
                table.with_packets.add(packet.stream_index)
    except FFmpegError as error:
        if isinstance(error, OSError | MemoryError):
            raise
        table.ends_early = True


def _row(packet: Any, codec: str, size: int | None) -> Row:
    pos = -1 if packet.pos is None else packet.pos
    flags = Flag.KEY if packet.is_keyframe else Flag(0)
    is_hidden = packet.is_discard or (codec == "vp8" and not memoryview(packet)[0] & _VP8_SHOWN)
    flags |= Flag.HIDDEN if is_hidden else Flag(0)
    flags |= Flag.CUT if size is not None and pos + packet.size > size else Flag(0)
    return Row(
        NO_TIME if packet.pts is None else packet.pts, NO_TIME if packet.dts is None else packet.dts, pos, packet.size, flags
    )


def _look_into(content: bytes, codec: str, *, is_first: bool, table: Table) -> None:
    """Look for what the container does not tell, in one of the first packets."""
    if codec == "mpeg4":
        table.is_packed |= bool(_PACKED.search(content))
    elif is_first:
        group = content.find(b"\x00\x00\x01\xb8")
        table.has_leading_frames = 0 <= group < len(content) - 7 and bool(content[group + 7] & 0x40)
