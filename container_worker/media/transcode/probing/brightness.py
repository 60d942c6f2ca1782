"""Reads from a frame's metadata how bright its source is."""

import struct
from collections.abc import Iterable
from typing import Any

#: FFmpeg's AVMasteringDisplayMetadata: six rationals of primaries, two of white, smallest and largest brightness, two flags.
_DISPLAY = struct.Struct("=22i")
_MOST_AT, _IS_KNOWN_AT = 18, 21
#: FFmpeg's AVContentLightMetadata: of the brightest pixel, and of the brightest frame in the mean.
_LIGHT = struct.Struct("=2I")


def brightness_of(frames: Iterable[Any]) -> tuple[int, int]:
    """Return the brightness of the brightest pixel and of the display of the grading, in cd/m²; 0 for what no frame tells."""
    content, display = 0, 0
    for frame in frames:
        for each in frame.side_data:
            raw = bytes(each) if each.type.name in {"CONTENT_LIGHT_LEVEL", "MASTERING_DISPLAY_METADATA"} else b""
            if each.type.name == "CONTENT_LIGHT_LEVEL" and len(raw) >= _LIGHT.size:
                content = content or _LIGHT.unpack_from(raw)[0]
            elif len(raw) >= _DISPLAY.size:
                display = display or _brightest(_DISPLAY.unpack_from(raw))
    return content, display


def _brightest(fields: tuple[int, ...]) -> int:
    numerator, denominator = fields[_MOST_AT : _MOST_AT + 2]
    return max(0, numerator // denominator) if fields[_IS_KNOWN_AT] and denominator > 0 else 0
