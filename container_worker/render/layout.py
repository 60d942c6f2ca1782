"""Lays subtitle texts out: in lines, each as runs in one font, as far apart as their ink needs."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from container_worker.render.defaults import ASCENT_EM, DESCENT_EM, LINE_HEIGHT_EM
from container_worker.render.fontbook import FontBook, Run, runs_of
from container_worker.render.linebreak import wrap
from container_worker.render.request import TextLook
from container_worker.render.shaping import extent_of

_RTL = frozenset({"R", "AL"})


def starts_right_to_left(text: str) -> bool:
    """Whether the text's first letter with a direction runs right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction == "L":
            return False
        if direction in _RTL:
            return True
    return False


@dataclass(frozen=True)
class Line:
    """A line of a text laid out."""

    runs: tuple[Run, ...]
    #: Of its baseline above the text's lower edge.
    baseline_px: float


@dataclass(frozen=True)
class Block:
    """A text laid out: its lines from above, and the height that their ink takes."""

    lines: tuple[Line, ...]
    height_px: float
    is_right_to_left: bool


def lay_out(text: str, book: FontBook, look: TextLook, most_lines: int) -> tuple[Block, bool]:
    """The text in lines no wider than the look allows, and whether it was cut to the height of `most_lines` common ones."""
    drawable = book.drawable(text)
    fonts = book.fonts_for(drawable)

    def measure(start: int, end: int) -> float:
        return look.em_px * sum(extent_of(run).width for run in runs_of(drawable[start:end], fonts[start:end]))

    lines = wrap(drawable, look.max_width_px, measure, most_lines)
    runs = [tuple(runs_of(drawable[start:end], fonts[start:end])) for start, end in lines[:most_lines]]
    block = _stacked(runs, look.em_px, most_lines * LINE_HEIGHT_EM, is_right_to_left=starts_right_to_left(drawable))
    return block, len(block.lines) < len(lines)


def _stacked(lines: Sequence[tuple[Run, ...]], em_px: float, most_em: float, *, is_right_to_left: bool) -> Block:
    """As many of the lines as the height has room for, at least one; no two share a row of pixels."""
    ink = [_ink_em(runs) for runs in lines]
    # Of each line's baseline below the first one's, in em.
    depths: list[float] = []
    height = 0.0
    for index, (ascent, descent) in enumerate(ink):
        step = max(LINE_HEIGHT_EM, ink[index - 1][1] + ascent + LINE_HEIGHT_EM - ASCENT_EM - DESCENT_EM) if index else 0.0
        depth = step + (depths[-1] if depths else 0.0)
        if depths and ink[0][0] + depth + descent > most_em:
            break
        depths.append(depth)
        height = ink[0][0] + depth + descent
    lower_edge = height - (ink[0][0] if ink else 0.0)
    kept = zip(lines, depths, strict=False)
    return Block(tuple(Line(runs, (lower_edge - depth) * em_px) for runs, depth in kept), height * em_px, is_right_to_left)


def _ink_em(runs: Sequence[Run]) -> tuple[float, float]:
    """How far the line reaches above and below its baseline, in em; never less than Latin and CJK do."""
    extents = [extent_of(run) for run in runs]
    return max(ASCENT_EM, *(extent.above for extent in extents)), max(DESCENT_EM, *(extent.below for extent in extents))
