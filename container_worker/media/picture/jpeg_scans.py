"""Limits the scans of a JPEG: each costs a pass over the whole picture, however few bytes it has."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from container_worker.codes import Code
from scenequeue.errors import BadInput

#: Largest number of pixels over all scans: 25 scans of the largest picture. Encoders write 1 to 20.
MAX_SCANNED_PX = 2_500_000_000
#: A marker's code after 0xFF; 00 and D0 to D7 are part of the data, FF is padding.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE, _START_OF_IMAGE, _TEMPORARY = 0xDA, 0xD9, 0xD8, 0x01
#: TIFF's tags, and its two compressions with JPEG.
_COMPRESSION, _OFFSETS, _LENGTHS = 259, (273, 324), (279, 325)
_JPEG_IN_TIFF = (6, 7)


def count_scans(data: bytes) -> int:
    """Count the scans of a JPEG up to its end or that of the data."""
    scans, position = 0, 0
    while found := _MARKER.search(data, position):
        code, position = found[1][0], found.end()
        if code == _END_OF_IMAGE:
            break
        if code not in {_START_OF_IMAGE, _TEMPORARY}:
            scans += code == _START_OF_SCAN
            # A segment's length includes itself. A scan's data follows its header and is searched for markers.
            position += max(2, int.from_bytes(data[position : position + 2]))
    return scans


def check_scans(opened: Any, what: str) -> None:
    """Refuse a picture whose scans take more work than any honest one.

    Args:
        opened: from Pillow, not loaded yet.
        what: the picture's name in messages.

    Raises:
        BadInput: the scans of a JPEG, or of those in a TIFF, pass over too many pixels.
    """
    pixels = opened.width * opened.height
    if opened.format == "JPEG":
        opened.fp.seek(0)
        scanned = count_scans(opened.fp.read()) * pixels
    elif opened.format == "TIFF" and opened.tag_v2.get(_COMPRESSION) in _JPEG_IN_TIFF:
        counts = list(_scans_of_parts(opened))
        scanned = sum(counts) * pixels // max(1, len(counts))
    else:
        return
    if scanned > MAX_SCANNED_PX:
        raise BadInput(Code.JPEG_SCANS, input=what, decoded_mp=scanned // 10**6, limit_mp=MAX_SCANNED_PX // 10**6)


def _scans_of_parts(opened: Any) -> Iterator[int]:
    """Yield the number of scans of every strip or tile; cached, because many may refer to the same bytes."""

    @lru_cache(maxsize=1024)
    def scans_at(offset: int, length: int) -> int:
        opened.fp.seek(offset)
        return count_scans(opened.fp.read(length))

    tags = opened.tag_v2
    offsets, lengths = (next((tags[tag] for tag in either if tag in tags), ()) for either in (_OFFSETS, _LENGTHS))
    for offset, length in zip(offsets, lengths, strict=False):
        yield scans_at(int(offset), int(length))
