"""Looks at the boxes of an MP4 or MOV: where its index is, whether it is complete, and whether it is encrypted."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from container_worker.codes import Code
from scenequeue.errors import BadInput
from scenequeue.jobs.transcode.spans import ReadAt, Span, reading

#: Types of the first box of such a file.
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"})
#: Most boxes of a file that are looked at before its index, and largest index, in bytes.
_MOST_BOXES = 10_000
_LARGEST_INDEX = 512 * 1024 * 1024
#: Types of the boxes whose contents are no part of the index, and of the others that a file without fragments consists of.
_MEDIA = frozenset({b"mdat", b"free", b"skip", b"wide"})
_INDEX = frozenset({b"ftyp", b"moov", b"uuid", b"udta", b"meta", b"pnot", b"PICT"})
#: Most boxes of a file that is read by spans: each costs a request.
_MOST_REQUESTS = 64
#: Bytes at the beginning of a box of media that demuxers look at.
_HEADER_BYTES = 64
#: Bytes of the file, and of its media, in which a probe finds most of what the index does not tell; and a file's size up to which
#: it is read as a whole.
_HEAD_BYTES, _MEDIA_BYTES, _SMALL_BYTES = 64 * 1024, 768 * 1024, 1024 * 1024
#: A sample entry of encrypted samples, with the scheme that protects them.
_PROTECTED = re.compile(rb"(encv|enca|drmi|drms)(?=.{20,2000}?sinf.{4}frma)", re.DOTALL)


class Box(NamedTuple):
    """A box of the file, outside any other."""

    kind: bytes
    begin: int
    #: May lie behind the file's end.
    end: int


def check_boxes(path: Path, size: int, name: str) -> None:
    """Check an MP4 or MOV; a file of another format passes.

    Args:
        path: the file.
        size: its size in bytes.
        name: for messages.

    Raises:
        BadInput: its index is missing or cut short, or its samples are encrypted.
    """
    boxes = boxes_of(path, size)
    if not boxes or boxes[0].kind not in _FIRST:
        return
    moov = next((box for box in boxes if box.kind == b"moov"), None)
    if moov is None or moov.end > size or moov.end - moov.begin > _LARGEST_INDEX:
        raise BadInput(Code.SOURCE_INCOMPLETE, input=name)
    with path.open("rb") as file:
        file.seek(moov.begin)
        if _PROTECTED.search(file.read(moov.end - moov.begin)):
            raise BadInput(Code.SOURCE_ENCRYPTED, input=name)


def boxes_of(path: Path, size: int) -> list[Box]:
    """Return the outermost boxes of a file.

    Args:
        path: the file.
        size: its size in bytes.
    """
    with path.open("rb") as file:
        return list(islice(walk(reading(file), size), _MOST_BOXES))


def walk(read_at: ReadAt, size: int) -> Iterator[Box]:
    """Yield the outermost boxes, up to the file's end or to bytes that are none."""
    at = 0
    while at + 8 <= size:
        header = read_at(at, min(size, at + 16))
        length, kind, least = int.from_bytes(header[:4], "big"), header[4:8], 8
        if length == 1:
            length, least = int.from_bytes(header[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < least:
            return
        yield Box(kind, at, at + length)
        at += length


def index_spans(boxes: Sequence[Box], size: int) -> list[Span] | None:
    """Return the spans of an MP4 or MOV that a demuxer reads before it reads packets.

    Args:
        boxes: all outermost boxes.
        size: of the file, in bytes.

    Returns:
        None for a file of another format, with fragments, or with boxes that are not known.
    """
    if not boxes or len(boxes) > _MOST_REQUESTS or boxes[0].kind not in _FIRST or boxes[-1].end < size:
        return None
    if not {box.kind for box in boxes} <= _MEDIA | _INDEX or sum(box.kind == b"moov" for box in boxes) > 1:
        return None
    return [(box.begin, min(size, box.begin + _HEADER_BYTES if box.kind in _MEDIA else box.end)) for box in boxes]


def probe_spans(read_at: ReadAt, size: int) -> list[Span] | None:
    """Find the spans of an MP4 or MOV that its probe needs: its index, and the beginning of its media.

    Args:
        read_at: reads the file.
        size: of the file, in bytes.

    Returns:
        None where the whole file is needed.
    """
    if size <= _SMALL_BYTES:
        return None
    head = read_at(0, _HEAD_BYTES)

    def read(begin: int, end: int) -> bytes:
        return head[begin:end] if end <= len(head) else read_at(begin, end)

    boxes = list(islice(walk(read, size), _MOST_REQUESTS + 1))
    index = index_spans(boxes, size)
    if index is None:
        return None
    media = next((box.begin for box in boxes if box.kind == b"mdat"), 0)
    return [(0, _HEAD_BYTES), *index, (media, media + _MEDIA_BYTES)]
