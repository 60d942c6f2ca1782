"""Computes the lines of a plot: paths in a square of 100 by 100, which the page stretches, and the figures told in words."""

import math
from collections.abc import Sequence
from typing import NamedTuple

_SIZE = 100.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
#: Anything smaller is drawn as 0.
_LEAST = 1e-12

Values = Sequence[float | None]


class Line(NamedTuple):
    """One line of a plot; values that are unknown leave a gap."""

    #: Text that is translated, or the name of a reason.
    name: str
    path: str
    #: The last known, the least and the most; None without any value.
    now: float | None
    least: float | None
    most: float | None


class Plot(NamedTuple):
    """Lines on the same axes."""

    #: Its id, and its text.
    name: str
    title: str
    lines: tuple[Line, ...]
    #: The upper end of the axis, which begins at 0.
    top: float
    is_money: bool = False


def plot(name: str, title: str, lines: Sequence[tuple[str, Values]], *, is_money: bool = False) -> Plot:
    """Return a plot of lines with as many values each, from the oldest to the newest."""
    known = [value for _, values in lines for value in values if value is not None]
    top = top_of(max(known, default=0.0), is_whole=not is_money)
    return Plot(name, title, tuple(_line(each, values, top) for each, values in lines), top, is_money)


def _line(name: str, values: Values, top: float) -> Line:
    known = [value for value in values if value is not None]
    return Line(
        name,
        path_of(values, top),
        known[-1] if known else None,
        min(known, default=None),
        max(known, default=None),
    )


def top_of(most: float, *, is_whole: bool) -> float:
    """Return the least round number that is not below the largest value: 1, 2 or 5 times a power of ten."""
    # Below, powers of ten lose digits and end as 0.
    if not math.isfinite(most) or most < _LEAST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    top = next(step * power for step in _STEPS if step * power >= most * (1 - 1e-9))
    return max(1.0, top) if is_whole else top


def path_of(values: Values, top: float) -> str:
    """Return the path of a line: a point in the middle of each of equal parts, a horizontal stroke for a lone one."""
    part, words, is_down = _SIZE / max(1, len(values)), [], False
    for number, value in enumerate(values):
        if value is None:
            is_down = False
            continue
        x, y = (number + 0.5) * part, _SIZE - _SIZE * min(max(value / top, 0.0), 1.0)
        following = values[number + 1] if number + 1 < len(values) else None
        if is_down:
            words.append(f"L{x:.2f} {y:.2f}")
        elif following is None:
            words.append(f"M{x - part / 2:.2f} {y:.2f}L{x + part / 2:.2f} {y:.2f}")
        else:
            words.append(f"M{x:.2f} {y:.2f}")
        is_down = True
    return "".join(words)
