"""Describes the packaged fonts and the system's: their coverage, and the metrics that libass sizes them by."""

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.defaults import MAX_FONT_FILES
from scenequeue.errors import InvalidValue

PACKAGED = Path(__file__).resolve().parents[2] / "fonts"
#: Written by deploy/make_fonts.py: the facts of each packaged font by its file name without the style, in order of preference.
COVERAGE_FILE = PACKAGED / "coverage.json"
_SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)


@dataclass(frozen=True, eq=False)
class Font:
    """A font file, its coverage, and the metrics that libass sizes it by."""

    path: Path
    family: str
    #: Size of the em square; ascent and descent are the Windows ones of OS/2, in the same unit.
    units_per_em: int
    ascent: int
    descent: int
    #: First and end code point of each range, in order, in one flat tuple.
    ranges: tuple[int, ...] = field(repr=False)
    #: ISO 15924 codes of the scripts for which it is preferred.
    scripts: tuple[str, ...] = ()

    def covers(self, char: str) -> bool:
        """Return True if it has a glyph for this character."""
        return bisect_right(self.ranges, ord(char)) % 2 == 1

    def cell_px(self, em_px: float) -> float:
        """Return libass's font size, the height of the Windows cell, for this size of the em square."""
        return em_px * (self.ascent + self.descent) / self.units_per_em


def describe(path: Path) -> dict[str, Any]:
    """Read a font file's facts for `Font` with fontTools, as JSON data.

    Raises:
        OSError, ValueError, fontTools.ttLib.TTLibError: it is not a font that can be read.
    """
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True, fontNumber=0) as font:
        if not any(table in font for table in ("glyf", "CFF ", "CFF2")):
            raise InvalidValue(Code.FONT_OF_PICTURES, path=str(path))
        points = sorted(font.getBestCmap() or {})
        ranges: list[int] = []
        for point in points:
            if ranges and ranges[-1] == point:
                ranges[-1] = point + 1
            else:
                ranges += [point, point + 1]
        metrics = font["OS/2"]
        return {
            "family": _family(font), "units_per_em": font["head"].unitsPerEm,
            "ascent": metrics.usWinAscent, "descent": metrics.usWinDescent, "ranges": ranges,
        }  # fmt: skip


def _family(font: Any) -> str:
    """Return the name by which libass finds the font: ID 1 in English for Windows, rather than ID 16."""
    name = font["name"].getName(1, 3, 1, 0x409) or font["name"].getName(1, 3, 10, 0x409)
    return str(name or font["name"].getBestFamilyName())


def _font(path: Path, facts: dict[str, Any]) -> Font:
    return Font(
        path, facts["family"], facts["units_per_em"], facts["ascent"], facts["descent"], tuple(facts["ranges"]),
        tuple(facts.get("scripts", ())),
    )  # fmt: skip


@lru_cache(maxsize=1)
def packaged_fonts() -> dict[str, Font]:
    """Return the fonts that come with this package, by the name of their file without the style, Noto Sans first."""
    facts: dict[str, dict[str, Any]] = json.loads(COVERAGE_FILE.read_text(encoding="utf-8"))
    return {name: _font(PACKAGED / f"{name}-Regular.ttf", found) for name, found in facts.items()}


def system_fonts_for(chars: frozenset[str], folders: Sequence[str] = _SYSTEM_FOLDERS, most: int = MAX_FONT_FILES) -> list[Font]:
    """Return installed fonts that together cover as many of these characters as possible, best first.

    Args:
        chars: characters that no packaged font has.
        folders: searched in this order.
        most: largest number of files read.
    """
    found = []
    for path in islice(_font_files(folders), most):
        try:
            font = _font(path, describe(path))
        except MemoryError:
            raise
        except Exception:  # noqa: S112 - a broken font on the system is no reason to fail a scene
            continue
        covered = {char for char in chars if font.covers(char)}
        if covered:
            found.append((font, covered))
        if len(covered) == len(chars):
            return [font]
    chosen, left = [], set(chars)
    while found:
        font, covered = max(found, key=lambda pair: len(pair[1] & left))
        if not covered & left:
            break
        chosen.append(font)
        left -= covered
    return chosen


def _font_files(folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for where, inner, names in os.walk(Path(folder).expanduser()):
            inner.sort()
            # Regular weights first.
            for name in sorted(names, key=lambda n: (any(w in n for w in ("Bold", "Italic", "Oblique", "Light")), n)):
                if name.lower().endswith((".ttf", ".otf", ".ttc")):
                    yield Path(where, name)
