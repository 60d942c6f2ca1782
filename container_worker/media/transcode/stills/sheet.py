"""Puts small pictures together to a sprite sheet, and names each in a WebVTT file."""

import io
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from container_worker.media.subtitles.cue import Cue
from container_worker.media.subtitles.webvtt import webvtt

#: Pictures in a row.
COLUMNS = 10
#: JPEG quality.
_QUALITY = 82


def sheet_size(count: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a sheet.

    Args:
        count: number of pictures.
        size: of each.
    """
    return min(count, COLUMNS) * size[0], -(-count // COLUMNS) * size[1]


def place_in_sheet(number: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the left upper corner of a picture, by its number from 0 on."""
    return number % COLUMNS * size[0], number // COLUMNS * size[1]


def write_sheet(jpegs: Sequence[bytes], size: tuple[int, int], target: Path) -> None:
    """Write the sheet.

    Args:
        jpegs: the pictures, row by row.
        size: of each.
        target: the JPEG.

    Raises:
        ValueError: a picture has another size, or is none.
    """
    from PIL import Image

    sheet = Image.new("RGB", sheet_size(len(jpegs), size))
    for number, content in enumerate(jpegs):
        try:
            with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
                if picture.size != size:
                    raise ValueError(picture.size)
                sheet.paste(picture, place_in_sheet(number, size))
        except OSError as error:
            raise ValueError(str(error)) from None
    sheet.save(target, format="JPEG", quality=_QUALITY, optimize=True)


def sheet_cues(times_ms: Sequence[int], size: tuple[int, int], sheet_name: str) -> str:
    """Return the WebVTT file whose cues name the picture of each span of time.

    Args:
        times_ms: begin of each picture's span, and the end of the last one.
        size: of each picture.
        sheet_name: file name of the sheet, beside which the file is.
    """
    places = [place_in_sheet(number, size) for number in range(len(times_ms) - 1)]
    return webvtt([
        Cue(begin / 1000, end / 1000, f"{quote(sheet_name)}#xywh={x},{y},{size[0]},{size[1]}")
        for (x, y), begin, end in zip(places, times_ms, times_ms[1:], strict=False)
    ])  # fmt: skip
