"""Which font draws which text: the packaged ones first, then the system's, and what none can draw."""

import json
import os
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from container_worker.render.defaults import MOST_FONT_FILES

PACKAGED = Path(__file__).resolve().parent.parent / "fonts"
#: In order of preference. Noto Sans SC draws Latin and Chinese in one hand; Noto Sans what Latin it lacks.
PACKAGED_ORDER = (
    "NotoSansSC-Regular.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoEmoji-Regular.ttf",
)
_EMOJI = "Noto Emoji"
COVERAGE_FILE = PACKAGED / "coverage.json"
_SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)


@dataclass(frozen=True)
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

    def covers(self, char: str) -> bool:
        """Whether it has a glyph for this character."""
        return bisect_right(self.ranges, ord(char)) % 2 == 1

    def cell_px(self, em_px: float) -> float:
        """Libass's font size (height of the Windows cell) that makes the em square this high."""
        return em_px * (self.ascent + self.descent) / self.units_per_em


@dataclass(frozen=True)
class Run:
    """Neighbouring characters in one font."""

    font: Font
    text: str


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
            "family": font["name"].getBestFamilyName(), "units_per_em": font["head"].unitsPerEm,
            "ascent": metrics.usWinAscent, "descent": metrics.usWinDescent, "ranges": ranges,
        }  # fmt: skip


def _font(path: Path, facts: dict[str, Any]) -> Font:
    return Font(path, facts["family"], facts["units_per_em"], facts["ascent"], facts["descent"], tuple(facts["ranges"]))


@lru_cache(maxsize=1)
def packaged_fonts() -> tuple[Font, ...]:
    """The fonts that come with this package, in order of preference; their facts are read from `coverage.json`."""
    facts = json.loads(COVERAGE_FILE.read_text())
    return tuple(_font(PACKAGED / name, facts[name]) for name in PACKAGED_ORDER)


def system_fonts_for(chars: frozenset[str], folders: Sequence[str] = _SYSTEM_FOLDERS, most: int = MOST_FONT_FILES) -> list[Font]:
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


def _is_invisible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


class FontBook:
    """Chooses fonts for text, and remembers what it could not draw."""

    def __init__(self, fonts: Sequence[Font] | None = None, *, use_system: bool = True) -> None:
        self._fonts = list(packaged_fonts() if fonts is None else fonts)
        self._use_system = use_system
        self._looked_for: set[str] = set()
        #: Characters that no font has; they are left out of what is drawn.
        self.missing: set[str] = set()

    def look_for(self, texts: Iterable[str]) -> None:
        """Find fonts for all characters of these texts; what none has is added to `missing`.

        Cost: where a packaged font lacks one that has not been looked for, one look into the system's fonts.
        """
        unknown = {char for char in set[str]().union(*texts) if not self._can_draw(char)}
        new = frozenset(unknown - self._looked_for)
        if new and self._use_system:
            self._looked_for |= new
            self._fonts += system_fonts_for(new)
        self.missing |= {char for char in unknown if not self._can_draw(char)}

    def drawable(self, text: str) -> str:
        """The text without the characters that no font has, which are added to `missing`."""
        self.look_for([text])
        return "".join(char for char in text if char not in self.missing)

    def _can_draw(self, char: str) -> bool:
        return _is_invisible(char) or any(font.covers(char) for font in self._fonts)

    def runs(self, text: str) -> list[Run]:
        """The text (of drawable characters) cut into runs: one font for all of it, or for each word, or character."""
        whole = self._one_font(text)
        if whole is not None:
            return [Run(whole, text)]
        result: list[Run] = []
        for word in _words(text):
            font = self._one_font(word)
            for part in [word] if font is not None else list(word):
                self._append(result, part, font)
        return result

    def _append(self, result: list[Run], part: str, font: Font | None) -> None:
        if part.isspace() and result and result[-1].font.family == _EMOJI:
            font = self._fonts[0]  # a space of the emoji font is as wide as an emoji
        elif all(_is_invisible(c) or unicodedata.combining(c) for c in part) and result:
            font = result[-1].font
        chosen = font or self._one_font(part) or self._fonts[0]
        if result and result[-1].font is chosen:
            result[-1] = Run(chosen, result[-1].text + part)
        else:
            result.append(Run(chosen, part))

    def _one_font(self, text: str) -> Font | None:
        visible = {c for c in text if not _is_invisible(c)}
        return next((font for font in self._fonts if all(font.covers(c) for c in visible)), None)


def _words(text: str) -> Iterator[str]:
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or (text[index] == " ") != (text[index - 1] == " "):
            yield text[start:index]
            start = index


if __name__ == "__main__":  # writes coverage.json anew after a font has changed
    COVERAGE_FILE.write_text(
        json.dumps({name: describe(PACKAGED / name) for name in PACKAGED_ORDER}, separators=(",", ":")) + "\n"
    )
