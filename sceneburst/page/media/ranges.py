"""Reads the Range header of a request (RFC 9110), and streams a part of an open file."""

import re
from collections.abc import Iterator
from typing import BinaryIO

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_CHUNK_BYTES = 256 * 1024


class NotInFile(ValueError):
    """The range has no byte of the file."""


def span_of(header: str, size: int) -> tuple[int, int] | None:
    """Return the asked part of a file: first byte, and the byte behind the last one; None for the whole file.

    Several ranges, and other units, are answered by the whole file, as the standard allows.

    Raises:
        NotInFile.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        begin, end = max(0, size - int(found[2])), size
    else:
        begin = int(found[1])
        end = size if found[2] == "" else min(size, int(found[2]) + 1)
        if found[2] != "" and int(found[2]) < begin:
            return None
    if begin >= end:
        raise NotInFile
    return begin, end


def read_span(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a span; fewer if the file has become shorter."""
    file.seek(begin)
    left = end - begin
    while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk
