"""The fonts there are: those that come with the package, and the system's; what each covers, and how libass sizes it."""

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from container_worker.media.defaults import MAX_FONT_FILES

PACKAGED = Path(__file__).resolve().parents[2] / "fonts"
#: Written by deploy/make_fonts.py: the facts of each packaged font under its file's name without the style, in the order in which
#: a character is looked for.
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
    """A font file: what it covers, and the metrics that libass sizes it by."""

    path: Path
    family: str
    #: Of the em square; ascent and descent are OS/2's Windows ones, in the same unit.
    units_per_em: int
    ascent: int
    descent: int
    #: First and one past the last code point of each range, in order, in one flat tuple.
    ranges: tuple[int, ...] = field(repr=False)
    #: ISO 15924 codes of the scripts that it is the first choice for.
    scripts: tuple[str, ...] = ()

    def covers(self, char: str) -> bool:
        """Return True if it has a glyph for this character."""
        return bisect_right(self.ranges, ord(char)) % 2 == 1

    def cell_px(self, em_px: float) -> float:
        """Libass's font size (height of the Windows cell) that makes the em square this high."""
        return em_px * (self.ascent + self.descent) / self.units_per_em


def describe(path: Path) -> dict[str, Any]:
    """The facts of a font file that `Font` needs, read with fontTools, as JSON-able data.

    Raises:
        OSError, ValueError, fontTools.ttLib.TTLibError: it is not a font that can be read.
    """
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True, fontNumber=0) as font:
        if not any(table in font for table in ("glyf", "CFF ", "CFF2")):
            raise ValueError(f"{path} has pictures instead of outlines, which are not drawn")
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
    """The name that libass finds the font by: ID 1, in English for Windows; the best name, ID 16, may be another."""
    name = font["name"].getName(1, 3, 1, 0x409) or font["name"].getName(1, 3, 10, 0x409)
    return str(name or font["name"].getBestFamilyName())


def _font(path: Path, facts: dict[str, Any]) -> Font:
    return Font(
        path, facts["family"], facts["units_per_em"], facts["ascent"], facts["descent"], tuple(facts["ranges"]),
        tuple(facts.get("scripts", ())),
    )  # fmt: skip


@lru_cache(maxsize=1)
def packaged_fonts() -> dict[str, Font]:
    """The fonts that come with this package, by the name of their file without the style, Noto Sans first."""
    facts: dict[str, dict[str, Any]] = json.loads(COVERAGE_FILE.read_text(encoding="utf-8"))
    return {name: _font(PACKAGED / f"{name}-Regular.ttf", found) for name, found in facts.items()}


def system_fonts_for(chars: frozenset[str], folders: Sequence[str] = _SYSTEM_FOLDERS, most: int = MAX_FONT_FILES) -> list[Font]:
    """Installed fonts that cover as many of these characters as can be, the one that covers most first.

    Args:
        chars: that no packaged font has.
        folders: where to look, in this order.
        most: files that are looked into: a bound that does not depend on how fast the machine is.
    """
    found = []
    for path in islice(_font_files(folders), most):
        try:
            font = _font(path, describe(path))
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
            # Regular weights first: "Bold" and "Italic" sort behind nothing else by themselves.
            for name in sorted(names, key=lambda n: (any(w in n for w in ("Bold", "Italic", "Oblique", "Light")), n)):
                if name.lower().endswith((".ttf", ".otf", ".ttc")):
                    yield Path(where, name)
