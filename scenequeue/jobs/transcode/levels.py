"""Lists the levels of the codecs: limits of the picture that a decoder promises to keep up with."""

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple


class Level(NamedTuple):
    """The limits of a level, in samples of luma."""

    frame_px: int
    px_per_s: int


def _of_macroblocks(frame: int, per_s: int) -> Level:
    return Level(frame * 256, per_s * 256)


#: From ITU-T H.264 Table A-1, ITU-T H.265 Tables A.8 and A.9, and the AV1 specification, Annex A.3.
LEVELS: Mapping[str, Mapping[str, Level]] = {
    "h264": {
        "1": _of_macroblocks(99, 1485),
        "1.1": _of_macroblocks(396, 3000),
        "1.2": _of_macroblocks(396, 6000),
        "1.3": _of_macroblocks(396, 11_880),
        "2": _of_macroblocks(396, 11_880),
        "2.1": _of_macroblocks(792, 19_800),
        "2.2": _of_macroblocks(1620, 20_250),
        "3": _of_macroblocks(1620, 40_500),
        "3.1": _of_macroblocks(3600, 108_000),
        "3.2": _of_macroblocks(5120, 216_000),
        "4": _of_macroblocks(8192, 245_760),
        "4.1": _of_macroblocks(8192, 245_760),
        "4.2": _of_macroblocks(8704, 522_240),
        "5": _of_macroblocks(22_080, 589_824),
        "5.1": _of_macroblocks(36_864, 983_040),
        "5.2": _of_macroblocks(36_864, 2_073_600),
        "6": _of_macroblocks(139_264, 4_177_920),
        "6.1": _of_macroblocks(139_264, 8_355_840),
        "6.2": _of_macroblocks(139_264, 16_711_680),
    },
    "h265": {
        "1": Level(36_864, 552_960),
        "2": Level(122_880, 3_686_400),
        "2.1": Level(245_760, 7_372_800),
        "3": Level(552_960, 16_588_800),
        "3.1": Level(983_040, 33_177_600),
        "4": Level(2_228_224, 66_846_720),
        "4.1": Level(2_228_224, 133_693_440),
        "5": Level(8_912_896, 267_386_880),
        "5.1": Level(8_912_896, 534_773_760),
        "5.2": Level(8_912_896, 1_069_547_520),
        "6": Level(35_651_584, 1_069_547_520),
        "6.1": Level(35_651_584, 2_139_095_040),
        "6.2": Level(35_651_584, 4_278_190_080),
    },
    "av1": {
        "2": Level(147_456, 4_423_680),
        "2.1": Level(278_784, 8_363_520),
        "3": Level(665_856, 19_975_680),
        "3.1": Level(1_065_024, 31_950_720),
        "4": Level(2_359_296, 70_778_880),
        "4.1": Level(2_359_296, 141_557_760),
        "5": Level(8_912_896, 267_386_880),
        "5.1": Level(8_912_896, 534_773_760),
        "5.2": Level(8_912_896, 1_069_547_520),
        "5.3": Level(8_912_896, 1_069_547_520),
        "6": Level(35_651_584, 1_069_547_520),
        "6.1": Level(35_651_584, 2_139_095_040),
        "6.2": Level(35_651_584, 4_278_190_080),
        "6.3": Level(35_651_584, 4_278_190_080),
    },
}
#: Sides of the blocks of which a frame consists.
_BLOCK_PX = {"h264": 16, "h265": 8, "av1": 8}


def level_name(given: str) -> str:
    """Return the name of a level in the table: 4 for 4.0."""
    return given.removesuffix(".0")


def fits_level(codec: str, level: str, size: tuple[int, int], frames_per_s: float) -> bool:
    """Return True if a picture is within a level.

    Args:
        codec: h264, h265 or av1.
        level: one of the codec's.
        size: width and height.
        frames_per_s: average number of frames a second.
    """
    limits, block = LEVELS[codec][level_name(level)], _BLOCK_PX[codec]
    width, height = (ceil(side / block) * block for side in size)
    # No side is longer than that of a frame eight times as long as high.
    is_narrow = max(width, height) ** 2 <= 8 * limits.frame_px
    return is_narrow and width * height <= limits.frame_px and width * height * frames_per_s <= limits.px_per_s
