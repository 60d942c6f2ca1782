"""Looks at the boxes of an MP4 or MOV: whether its index is complete, and whether it is encrypted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from container_worker.codes import Code
from scenequeue.errors import BadInput

#: Types of the first box of such a file.
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"})
#: Most boxes of a file that are looked at before its index, and largest index, in bytes.
_MOST_BOXES = 10_000
_LARGEST_INDEX = 512 * 1024 * 1024
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
    with path.open("rb") as file:
        boxes = walk(file, size)
        first = next(boxes, None)
        if first is None or first.kind not in _FIRST:
            return
        moov = next((box for box in (first, *boxes) if box.kind == b"moov"), None)
        if moov is None or moov.end > size or moov.end - moov.begin > _LARGEST_INDEX:
            raise BadInput(Code.SOURCE_INCOMPLETE, input=name)
        file.seek(moov.begin)
        if _PROTECTED.search(file.read(moov.end - moov.begin)):
            raise BadInput(Code.SOURCE_ENCRYPTED, input=name)


def walk(file: BinaryIO, size: int) -> Iterator[Box]:
    """Yield the outermost boxes up to the index, which is the last."""
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            return
        length, kind, least = int.from_bytes(header[:4], "big"), header[4:8], 8
        if length == 1:
            length, least = int.from_bytes(header[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < least:
            return
        yield Box(kind, at, at + length)
        if kind == b"moov":
            return
        at += length
