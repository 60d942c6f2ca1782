"""Draws a frame's number as black and white blocks, and reads it again; makes sound with located beeps."""

import numpy as np
import numpy.typing as npt

#: Blocks of a frame: 12 bits of the number and 4 of a checksum.
_COLUMNS, _ROWS = 8, 2
_MOST = 1 << 12
_BLACK, _WHITE = 40, 215
#: A block between these is neither: two frames are blended, or the picture is broken.
_DARK, _BRIGHT = 100, 156

#: Samples per second of all sound.
RATE_HZ = 48_000
#: Times at which beeps begin, without a period, so that no shift brings all of them to one another's places.
BEEPS_S = (0.21, 0.53, 1.04, 1.32, 1.89, 2.21, 2.76, 3.35, 3.62, 4.19, 4.78, 5.11, 5.57)
_BEEP_S = 0.04


def draw(number: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Return a grey picture that shows a number below 4096."""
    word = number << 4 | _checksum(number)
    bits = np.array([word >> place & 1 for place in range(_COLUMNS * _ROWS)], np.uint8).reshape(_ROWS, _COLUMNS)
    blocks = np.where(bits, _WHITE, _BLACK).astype(np.uint8)
    rows = np.arange(height) * _ROWS // height
    columns = np.arange(width) * _COLUMNS // width
    return np.ascontiguousarray(blocks[rows][:, columns])


def read(picture: npt.NDArray[np.uint8]) -> int | None:
    """Return the number that a grey picture shows; None if it shows none."""
    height, width = picture.shape
    word = 0
    for place in range(_COLUMNS * _ROWS):
        row, column = divmod(place, _COLUMNS)
        top, left = (2 * row + 1) * height // (2 * _ROWS), (2 * column + 1) * width // (2 * _COLUMNS)
        reach_y, reach_x = max(1, height // (6 * _ROWS)), max(1, width // (6 * _COLUMNS))
        level = picture[top - reach_y : top + reach_y, left - reach_x : left + reach_x].mean()
        if _DARK < level < _BRIGHT:
            return None
        word |= int(level >= _BRIGHT) << place
    number = word >> 4
    return number if word & 15 == _checksum(number) else None


def _checksum(number: int) -> int:
    assert 0 <= number < _MOST
    return (number ^ number >> 4 ^ number >> 8 ^ 5) & 15


def beeps(seconds: float, track: int = 0) -> npt.NDArray[np.float32]:
    """Return mono sound with a rising beep at each of the times, later by 70 ms a track."""
    samples = np.zeros(round(seconds * RATE_HZ), np.float32)
    at = np.arange(round(_BEEP_S * RATE_HZ)) / RATE_HZ
    # From 500 Hz to 4 kHz: its correlation with itself has one narrow peak.
    beep = (np.sin(2 * np.pi * (500 * at + 3500 * at**2 / (2 * _BEEP_S))) * np.hanning(len(at)) * 0.5).astype(np.float32)
    for begin_s in BEEPS_S:
        first = round((begin_s + 0.07 * track) * RATE_HZ)
        part = samples[first : first + len(beep)]
        part += beep[: len(part)]
    return samples
