"""Lays subtitle texts out: in lines, each as runs in one font."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFont

from container_worker.render.fonts import FontBook, Run
from container_worker.render.linebreak import wrap
from container_worker.render.request import TextLook

_RTL = frozenset({"R", "AL"})


def starts_right_to_left(text: str) -> bool:
    """Whether the text's first letter with a direction runs right to left."""
    import unicodedata

    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction == "L":
            return False
        if direction in _RTL:
            return True
    return False


@dataclass(frozen=True)
class Block:
    """A text laid out: its lines, each as runs in one font."""

    lines: tuple[tuple[Run, ...], ...]
    is_right_to_left: bool


def lay_out(text: str, book: FontBook, look: TextLook, most_lines: int) -> tuple[Block, bool]:
    """The text in lines no wider than the look allows, and whether it was cut to keep to `most_lines`."""
    drawable = book.drawable(text)

    def measure(line: str) -> float:
        return sum(_face(str(run.font.path), look.em_px).getlength(run.text) for run in book.runs(line))

    lines = wrap(drawable, look.max_width_px, measure, most_lines)
    kept = tuple(tuple(book.runs(line)) for line in lines[:most_lines])
    return Block(kept, starts_right_to_left(drawable)), len(lines) > most_lines


@lru_cache(maxsize=16)
def _face(path: str, em_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, em_px, layout_engine=ImageFont.Layout.BASIC)
