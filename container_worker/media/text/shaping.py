"""Measures text as libass draws it, shaped by HarfBuzz."""

from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz

from container_worker.media.text.fontbook import Run
from container_worker.media.text.fonts import Font


@dataclass(frozen=True)
class Extent:
    """A text's width and its ink above and below the baseline, in em."""

    width: float
    above: float
    below: float


@lru_cache(maxsize=512)
def extent_of(run: Run, language: str) -> Extent:
    """Measure a run.

    Args:
        run: text in one font.
        language: two letters, for fonts whose glyphs depend on the language.
    """
    face, em = _face(run.font), run.font.units_per_em
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.language = language
    uharfbuzz.shape(face, buffer)
    width = above = below = 0
    for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        width += place.x_advance
        ink = face.get_glyph_extents(glyph.codepoint)
        if ink is not None and ink.height:
            above = max(above, place.y_offset + ink.y_bearing)
            below = max(below, -(place.y_offset + ink.y_bearing + ink.height))
    return Extent(width / em, above / em, below / em)


@lru_cache(maxsize=32)
def _face(font: Font) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(font.path)))
