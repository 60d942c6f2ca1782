"""Finds the files that were concatenated into one sound file, as text-to-speech scripts do with `cat`.

The Ogg standard allows chains of files. The other formats do not; some players continue after a joint, others stop.
MP3 and ADTS (AAC) have no file header, so concatenated ones are one stream, whose frames may differ.
"""

import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from container_worker.codes import Code
from scenequeue.errors import BadInput


def _of_chunk(head: bytes) -> int:
    return _even(8 + int.from_bytes(head[4:8], "little"))


def _of_form(head: bytes) -> int:
    return _even(8 + int.from_bytes(head[4:8], "big"))


def _of_ds64(head: bytes) -> int:
    return _even(8 + int.from_bytes(head[20:28], "little"))


def _of_guid(head: bytes) -> int:
    return int.from_bytes(head[16:24], "little")


def _even(length: int) -> int:
    return length + length % 2


_GUID_END = rb"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_OGG = re.compile(rb"OggS\x00[\x02\x03\x06\x07]")
_MP4 = re.compile(rb"\x00\x00..ftyp", re.DOTALL)
#: Beginning of each kind of file, and the function that returns its end by its first bytes, where they tell it.
_KINDS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], int] | None], ...] = (
    (re.compile(rb"RIFF....WAVE(?:fmt |JUNK|LIST|bext)", re.DOTALL), _of_chunk),
    (re.compile(rb"(?:RF|BW)64....WAVEds64", re.DOTALL), _of_ds64),
    (re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00.{8}wave" + _GUID_END, re.DOTALL), _of_guid),
    (re.compile(rb"FORM....AIF[FC](?:COMM|FVER|NAME|AUTH|ANNO|\(c\) |COMT|MARK|INST|ID3 |SSND|CHAN)", re.DOTALL), _of_form),
    (re.compile(rb"caff\x00[\x01\x02]\x00\x00desc\x00{7}\x20"), None),
    (re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"), None),
    (re.compile(rb"\x1aE\xdf\xa3.{1,64}?B\x82.{1,8}?(?:matroska|webm)", re.DOTALL), None),
    (_OGG, None),
    (_MP4, None),
)
#: So many of a file's first bytes show its kind.
_HEAD_BYTES = 128
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

    Cost: reads only the headers of MP4 files, and of WAV, W64 and AIFF files whose size is right; searches all of others.
    """
    size = Path(path).stat().st_size
    whole = [Part(0, size)]
    with Path(path).open("rb") as file:
        head = file.read(_HEAD_BYTES)
        pattern, end_of = next((kind for kind in _KINDS if kind[0].match(head)), (None, None))
        if pattern is None or (end_of is not None and end_of(head) == size):
            return whole
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            starts = []
            for start in _starts(data, pattern):
                starts.append(start)
                if len(starts) > _MAX_PARTS:
                    raise BadInput(Code.SOUND_PARTS, input=what, limit=_MAX_PARTS)
    if len(starts) < 2:
        return whole
    return [Part(start, end) for start, end in zip(starts, [*starts[1:], size], strict=True)]


def _starts(data: mmap.mmap, pattern: re.Pattern[bytes]) -> Iterator[int]:
    if pattern is _OGG:
        return _chains(data)
    return _mp4_files(data) if pattern is _MP4 else (found.start() for found in pattern.finditer(data))


def _mp4_files(data: mmap.mmap) -> Iterator[int]:
    """Yield the offset of each MP4 file in a row of boxes: each begins with a box `ftyp`."""
    at, end = 0, len(data)
    while at + 8 <= end:
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name == b"ftyp":
            yield at
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length < 8:
            # 0: up to the end of the file. Others are damage.
            return
        at += length


def _chains(data: mmap.mmap) -> Iterator[int]:
    """Yield the offset of each chain in an Ogg file; the first pages of a chain's streams are adjacent."""
    group_end = -1
    for found in _OGG.finditer(data):
        start = found.start()
        if start != group_end:
            yield start
        segments = data[start + 26 : start + 27]
        table = data[start + 27 : start + 27 + (segments[0] if segments else 0)]
        group_end = start + 27 + len(table) + sum(table)
