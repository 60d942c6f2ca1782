"""Finds the files that were joined into one sound file, end to end, as text-to-speech scripts do with `cat`.

An Ogg file may be a chain of several by its standard. FLAC and WAV may not; some players go on after a joint, others stop.
MP3 and ADTS (AAC) have no header, so joined ones are one stream, whose frames may differ.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scenequeue.errors import BadInput

#: What a file of each kind begins with, and what stands at the beginning of a joined one.
_STARTS = {
    b"RIFF": re.compile(rb"RIFF....WAVE(?:fmt |JUNK|LIST|bext)", re.DOTALL),
    b"OggS": re.compile(rb"OggS\x00[\x02\x03\x06\x07]"),
    b"fLaC": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
}
#: More parts than a narration of sentences has.
_MAX_PARTS = 10_000


@dataclass(frozen=True)
class Part:
    """Bytes of a sound file, from `start` up to, not including, `end`, that are a sound file by themselves."""

    start: int
    end: int


class Window:
    """A part of an open file, read as if it were a file of its own."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._part = file, part
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from here on."""
        left = self._part.end - self._part.start - self._at
        self._file.seek(self._part.start + self._at)
        data = self._file.read(max(0, left if size < 0 else min(size, left)))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; returns it."""
        base = (0, self._at, self._part.end - self._part.start)[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The place where the next read begins."""
        return self._at


def parts_of(path: str, what: str) -> list[Part]:
    """The files that this one was joined of, in order; itself alone for nearly every file.

    Raises:
        BadInput: it is made of more parts than can be meant.

    Cost: one look at the header of a WAV file whose size is right; one search through Ogg, FLAC and other WAV files.
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
                    raise BadInput(f"{what} was joined of more than the {_MAX_PARTS} files allowed; render it as several scenes")
    if len(starts) < 2 or starts[0] != 0:
        return whole
    return [Part(start, end) for start, end in zip(starts, [*starts[1:], size], strict=True)]


def _riff_end(head: bytes) -> int:
    length = 8 + int.from_bytes(head[4:8], "little")
    return length + length % 2


def _chains(data: mmap.mmap, pattern: re.Pattern[bytes]) -> Iterator[int]:
    """First pages of an Ogg file's chains: the streams of one chain all begin in pages one behind the other."""
    group_end = -1
    for found in pattern.finditer(data):
        start = found.start()
        if start != group_end:
            yield start
        segments = data[start + 26 : start + 27]
        table = data[start + 27 : start + 27 + (segments[0] if segments else 0)]
        group_end = start + 27 + len(table) + sum(table)
