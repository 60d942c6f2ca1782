"""Lays texts out in lines of runs, spaced so that their ink does not overlap."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from container_worker.media.defaults import ASCENT_EM, DESCENT_EM, LINE_HEIGHT_EM
from container_worker.media.request import TextStyle
from container_worker.media.text.fontbook import FontBook, Run, runs_of
from container_worker.media.text.linebreak import wrap
from container_worker.media.text.shaping import extent_of

_RTL = frozenset({"R", "AL"})


def starts_right_to_left(text: str) -> bool:
    """Return True if the text's first letter with a direction runs right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction == "L":
            return False
        if direction in _RTL:
            return True
    return False


@dataclass(frozen=True)
class Line:
    """A laid-out line."""

    runs: tuple[Run, ...]
    #: Height of the baseline above the text's lower edge.
    baseline_px: float
    is_right_to_left: bool


@dataclass(frozen=True)
class Block:
    """A laid-out text: its lines from the top, and the height of their ink."""

    lines: tuple[Line, ...]
    height_px: float
    #: Two letters.
    language: str


def lay_out(text: str, book: FontBook, style: TextStyle, most_lines: int) -> tuple[Block, bool]:
    """Lay a text out no wider than the style allows; returns it, and True if it was cut to `most_lines` lines of usual height."""
    drawable = book.drawable(text)
    fonts = book.fonts_for(drawable)

    def measure(start: int, end: int) -> float:
        return style.em_px * sum(extent_of(run, book.language).width for run in runs_of(drawable[start:end], fonts[start:end]))

    lines = wrap(drawable, style.max_width_px, measure, most_lines)
    runs = [tuple(runs_of(drawable[start:end], fonts[start:end])) for start, end in lines[:most_lines]]
    inks = [_ink_em(line, book.language) for line in runs]
    depths, height = _stacked(inks, most_lines * LINE_HEIGHT_EM)
    lower_edge = height - inks[0][0] if inks else 0.0
    # Each paragraph has its own direction, because the next one may be another speaker's.
    directions = [starts_right_to_left(drawable[drawable.rfind("\n", 0, start) + 1 :].partition("\n")[0]) for start, _ in lines]
    kept = tuple(
        Line(line, (lower_edge - depth) * style.em_px, is_right_to_left)
        for line, depth, is_right_to_left in zip(runs, depths, directions, strict=False)
    )
    return Block(kept, height * style.em_px, book.language), len(kept) < len(lines)


def _stacked(inks: Sequence[tuple[float, float]], most_em: float) -> tuple[list[float], float]:
    """Place baselines so that lines do not overlap; returns their distances below the first, and the total height.

    Places as many lines as fit into the height, at least one.

    Args:
        inks: how far each line reaches above and below its baseline, in em.
        most_em: largest height.
    """
    depths: list[float] = []
    height = 0.0
    for index, (ascent, descent) in enumerate(inks):
        step = max(LINE_HEIGHT_EM, inks[index - 1][1] + ascent + LINE_HEIGHT_EM - ASCENT_EM - DESCENT_EM) if index else 0.0
        depth = step + (depths[-1] if depths else 0.0)
        if depths and inks[0][0] + depth + descent > most_em:
            break
        depths.append(depth)
        height = inks[0][0] + depth + descent
    return depths, height


def _ink_em(runs: Sequence[Run], language: str) -> tuple[float, float]:
    """Measure a line's ink above and below its baseline, in em, at least that of Latin and CJK."""
    extents = [extent_of(run, language) for run in runs]
    return max(ASCENT_EM, *(extent.above for extent in extents)), max(DESCENT_EM, *(extent.below for extent in extents))
