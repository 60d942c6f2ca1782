"""Walks the elements of a Matroska or WebM file, and hides holes in it."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, NamedTuple

from scenequeue.jobs.transcode.spans import ReadAt, Span, reading

_EBML, _SEGMENT, CLUSTER, CUES, VOID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1C53BB6B, 0xEC
_CUE_POINT, _CUE_TIME, _CUE_POSITIONS, _CUE_CLUSTER = 0xBB, 0xB3, 0xB7, 0xF1
#: Longest header of an element: four bytes of its kind, and eight of its length.
_HEADER_BYTES = 12
#: A Void of fewer bytes has its length in one byte, of which seven bits count.
_SHORT_VOID_BYTES = 100
#: Most elements of a segment: two clusters a second of a day, and more.
_MAX_PARTS = 200_000
#: Largest list of cues, in bytes.
_MAX_CUES_BYTES = 16 * 1024 * 1024


class Element(NamedTuple):
    """An element and its place in the file."""

    kind: int
    begin: int
    #: First byte of its content.
    data: int
    end: int


class Cue(NamedTuple):
    """A place at which reading can begin."""

    #: In the file's own ticks, mostly milliseconds.
    time: int
    #: Of the cluster, in the file.
    pos: int


def elements(read_at: ReadAt, begin: int, end: int) -> Iterator[Element]:
    """Yield elements one behind the other, up to one without a length, or to bytes that are none.

    Args:
        read_at: reads the file.
        begin: of the first.
        end: of the last; it may say that it ends later.
    """
    at = begin
    while at < end:
        header = read_at(at, min(end, at + _HEADER_BYTES))
        kind_bytes = _length_of_number(header)
        length_bytes = _length_of_number(header[kind_bytes:])
        if not 1 <= kind_bytes <= 4 or not length_bytes or kind_bytes + length_bytes > len(header):
            return
        length = int.from_bytes(header[kind_bytes : kind_bytes + length_bytes], "big") - (1 << 7 * length_bytes)
        if length == (1 << 7 * length_bytes) - 1:
            return
        data = at + kind_bytes + length_bytes
        yield Element(int.from_bytes(header[:kind_bytes], "big"), at, data, data + length)
        at = data + length


def segment_of(read_at: ReadAt, size: int) -> Element | None:
    """Return the element that holds all others but the first; None where the file is not one of these, complete and alone.

    Args:
        read_at: reads the file.
        size: of the file, in bytes.
    """
    first, second = (*islice(elements(read_at, 0, size), 2), None, None)[:2]
    if first is None or first.kind != _EBML or second is None or second.kind != _SEGMENT or second.end != size:
        return None
    return second


def parts_of(read_at: ReadAt, segment: Element) -> list[Element] | None:
    """Return the elements of a segment; None if one has no length, or they do not end where the segment does, or are too many."""
    parts = list(islice(elements(read_at, segment.data, segment.end), _MAX_PARTS))
    return parts if parts and parts[-1].end == segment.end else None


def cues_in(read_at: ReadAt, segment: Element, parts: Sequence[Element]) -> list[Cue]:
    """Return the cues of all tracks that point to clusters."""
    clusters = {part.begin for part in parts if part.kind == CLUSTER}
    found: list[Cue] = []
    for part in parts:
        if part.kind != CUES or part.end - part.begin > _MAX_CUES_BYTES:
            continue
        content = read_at(part.data, part.end)

        def inside(begin: int, end: int, content: bytes = content) -> bytes:
            return content[begin:end]

        for point in elements(inside, 0, len(content)):
            if point.kind == _CUE_POINT:
                found += _cues_of(inside, segment.data, point)
    return [cue for cue in found if cue.pos in clusters]


def hide_holes(file: BinaryIO, held: Sequence[Span], size: int) -> bool:
    """Make holes, which a demuxer would search through byte by byte, elements that it skips.

    Args:
        file: open for reading and writing.
        held: spans that the file holds, ascending; each begins with an element of the segment.
        size: of the file, in bytes.

    Returns:
        False if the file's elements do not stand as they should.
    """
    read_at = reading(file)
    segment = segment_of(read_at, size)
    at = size if segment is None else segment.data
    while segment is not None and at < size:
        held_end = next((end for begin, end in held if begin <= at < end), at)
        following = min((begin for begin, _ in held if begin >= held_end), default=size)
        part = next(elements(read_at, at, held_end), None)
        # The header of one that is not held may be cut.
        if part is None and held_end - at >= _HEADER_BYTES:
            return False
        if part is not None:
            if part.end <= held_end or part.kind == VOID:
                at = part.end
                continue
            if part.kind != CLUSTER or following < part.end:
                return False
            last = part.data
            for each in elements(read_at, part.data, held_end):
                # No Void has one byte.
                if each.end > held_end or part.end - each.end == 1:
                    break
                last = each.end
            if part.end - last == 1:
                return False
            _write_void(file, last, part.end)
            at = part.end
        if following - at == 1:
            return False
        _write_void(file, at, following)
        at = following
    return segment is not None


def _cues_of(read_at: ReadAt, segment_data: int, point: Element) -> Iterator[Cue]:
    time = None
    for part in elements(read_at, point.data, point.end):
        if part.kind == _CUE_TIME:
            time = int.from_bytes(read_at(part.data, part.end), "big")
        elif part.kind == _CUE_POSITIONS and time is not None:
            for each in elements(read_at, part.data, part.end):
                if each.kind == _CUE_CLUSTER:
                    yield Cue(time, segment_data + int.from_bytes(read_at(each.data, each.end), "big"))


def _length_of_number(header: bytes) -> int:
    """Return the bytes of a number whose first bits tell them; 0 if it is none."""
    return 9 - header[0].bit_length() if header and header[0] else 0


def _write_void(file: BinaryIO, begin: int, end: int) -> None:
    length = end - begin
    if not length:
        return
    file.seek(begin)
    if length < _SHORT_VOID_BYTES:
        file.write(bytes((VOID, 0x80 | length - 2)))
    else:
        file.write(bytes((VOID,)) + ((1 << 56) | length - 9).to_bytes(8, "big"))
