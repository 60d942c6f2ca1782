"""Finds the files that were concatenated into one sound file, as text-to-speech scripts do with `cat`.

The Ogg standard allows chains of files. FLAC and WAV do not; some players continue after a joint, others stop.
MP3 and ADTS (AAC) have no file header, so concatenated ones are one stream, whose frames may differ.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from container_worker.codes import Code
from scenequeue.errors import BadInput

#: First bytes of each kind of file -> pattern of the beginning of each file in it.
_STARTS = {
    b"RIFF": re.compile(rb"RIFF....WAVE(?:fmt |JUNK|LIST|bext)", re.DOTALL),
    b"OggS": re.compile(rb"OggS\x00[\x02\x03\x06\x07]"),
    b"fLaC": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
}
#: Largest number of parts; a narration of single sentences has fewer.
_MAX_PARTS = 10_000


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `end`, exclusive, of a sound file that are a sound file themselves."""

    start: int
    end: int


class Window:
    """A part of an open file as a readable, seekable file."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._part = file, part
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes."""
        left = self._part.end - self._part.start - self._at
        self._file.seek(self._part.start + self._at)
        data = self._file.read(max(0, left if size < 0 else min(size, left)))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position; returns it."""
        base = (0, self._at, self._part.end - self._part.start)[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at


def parts_of(path: str, what: str) -> list[Part]:
    """Return the files that were concatenated into this one, in order; usually only the file itself.

    Raises:
        BadInput: it has too many parts.

    Cost: reads only the header of a WAV file whose size is right; searches all of Ogg, FLAC and other WAV files.
    """
    size = Path(path).stat().st_size
    whole = [Part(0, size)]
    with Path(path).open("rb") as file:
        head = file.read(12)
        pattern = _STARTS.get(head[:4])
        if pattern is None or (head[:4] == b"RIFF" and _riff_end(head) == size):
            return whole
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            starts = []
            for start in _chains(data, pattern) if head[:4] == b"OggS" else (found.start() for found in pattern.finditer(data)):
                starts.append(start)
                if len(starts) > _MAX_PARTS:
                    raise BadInput(Code.SOUND_PARTS, input=what, limit=_MAX_PARTS)
    if len(starts) < 2 or starts[0] != 0:
        return whole
    return [Part(start, end) for start, end in zip(starts, [*starts[1:], size], strict=True)]


def _riff_end(head: bytes) -> int:
    length = 8 + int.from_bytes(head[4:8], "little")
    return length + length % 2


def _chains(data: mmap.mmap, pattern: re.Pattern[bytes]) -> Iterator[int]:
    """Yield the offset of each chain in an Ogg file; the first pages of a chain's streams are adjacent."""
    group_end = -1
    for found in pattern.finditer(data):
        start = found.start()
        if start != group_end:
            yield start
        segments = data[start + 26 : start + 27]
        table = data[start + 27 : start + 27 + (segments[0] if segments else 0)]
        group_end = start + 27 + len(table) + sum(table)
