"""Measures words as libass draws them, shaped by HarfBuzz: letters that join, stand on one another or change their order."""

from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz

from container_worker.render.fontbook import Run
from container_worker.render.fonts import Font


@dataclass(frozen=True)
class Extent:
    """The room that a text takes, in em: along its line, and its ink above and below the baseline."""

    width: float
    above: float
    below: float


def extent_of(run: Run) -> Extent:
    """The room that a run takes. Words are shaped one by one, once: nothing joins or is kerned across a space."""
    words = run.text.split(" ")
    parts = [_word(run.font, word) for word in words if word]
    space = _word(run.font, " ").width * (len(words) - 1) if len(words) > 1 else 0.0
    width = space + sum(part.width for part in parts)
    return Extent(width, max((part.above for part in parts), default=0.0), max((part.below for part in parts), default=0.0))


@lru_cache(maxsize=8192)
def _word(font: Font, text: str) -> Extent:
    face = _face(font)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(face, buffer)
    width = above = below = 0
    for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        width += place.x_advance
        ink = face.get_glyph_extents(glyph.codepoint)
        if ink is not None and ink.height:
            above = max(above, place.y_offset + ink.y_bearing)
            below = max(below, -(place.y_offset + ink.y_bearing + ink.height))
    return Extent(width / font.units_per_em, above / font.units_per_em, below / font.units_per_em)


@lru_cache(maxsize=32)
def _face(font: Font) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(font.path)))
