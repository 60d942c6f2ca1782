"""Chooses a font for every character of a text by script and language, and collects characters without a font."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from container_worker.media.text.clusters import clusters
from container_worker.media.text.fonts import Font, packaged_fonts, system_fonts_for
from container_worker.media.text.writing import EMOJI, Han, han_of, scripts_of

#: Fonts for ideographs, kana and their marks, by regional forms. The other subsets hold only what SC lacks or draws otherwise.
_HAN = {
    "Hans": ("NotoSansSC", "NotoSansTC"),
    "Hant": ("NotoSansTC", "NotoSansSC"),
    "Jpan": ("NotoSansJP", "NotoSansSC"),
    "Kore": ("NotoSansKR", "NotoSansJP", "NotoSansSC"),
}
#: The usual style of Urdu.
_NASTALIQ = ("NotoNastaliqUrdu",)
_EMOJI = "NotoEmoji"
#: Format characters that are visible, unlike others of their category.
_SHOWING_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


@dataclass(frozen=True)
class Run:
    """Adjacent characters in one font."""

    font: Font
    text: str


def runs_of(text: str, fonts: Sequence[Font]) -> list[Run]:
    """Split the text where its characters' fonts change."""
    parts, start = [], 0
    for font, group in groupby(fonts):
        end = start + sum(1 for _ in group)
        parts.append(Run(font, text[start:end]))
        start = end
    return parts


class FontBook:
    """Chooses fonts for the texts of one scene, and remembers characters without a font."""

    def __init__(self, language: str | None = None, *, use_system: bool = True) -> None:
        """Begin with the packaged fonts.

        Args:
            language: BCP 47 tag of the texts; None detects it from the first texts.
            use_system: allow the machine's fonts for characters that the packaged ones lack.
        """
        self._language = language
        self._use_system = use_system
        self._more: list[Font] = []
        self._searched: set[str] = set()
        self._is_han_chosen = False
        self._han: Han = "Hans"
        self._preferences: dict[str, list[Font]] = {}
        self._chosen: dict[tuple[str, str], Font | None] = {}
        #: Characters that no font has; they are not drawn.
        self.missing: set[str] = set()

    @property
    def language(self) -> str:
        """Two-letter language, given or detected; otherwise en."""
        named = (self._language or "").split("-")[0]
        detected = {"Jpan": "ja", "Kore": "ko"}.get(self._han, "en")
        return named if len(named) == 2 else detected

    def choose_han(self, texts: Iterable[str]) -> None:
        """Decide the regional form of ideographs from these texts, unless it has been decided."""
        if not self._is_han_chosen:
            self._han, self._is_han_chosen = han_of(self._language, texts), True

    def find_fonts(self, texts: Sequence[str]) -> None:
        """Find fonts for all characters of these texts; those without a font are added to `missing`.

        The first texts with more than Latin decide the regional form of ideographs.

        Cost: one search of the system's fonts for new characters that no packaged font has.
        """
        chars = set[str]().union(*texts) - _latin()
        if chars:
            self.choose_han(texts)
        unknown = {char for char in chars if not self._can_draw(char)}
        new = frozenset(unknown - self._searched)
        if new and self._use_system:
            self._searched |= new
            self._more += system_fonts_for(new)
            self._preferences.clear()
            self._chosen.clear()
        self.missing |= {char for char in unknown if not self._can_draw(char)}

    def drawable(self, text: str) -> str:
        """Return the text without the characters that no font has, which are added to `missing`."""
        self.find_fonts([text])
        return "".join(char for char in text if char not in self.missing) if self.missing else text

    def _can_draw(self, char: str) -> bool:
        return _is_invisible(char) or any(font.covers(char) for font in (*packaged_fonts().values(), *self._more))

    def fonts_for(self, text: str) -> list[Font]:
        """Return the font of each character of a drawable text."""
        basic = packaged_fonts()["NotoSans"]
        if _latin().issuperset(text):
            return [basic] * len(text)
        self.choose_han([text])
        units = clusters(text)
        result: list[Font] = []
        for unit, script in zip(units, scripts_of(units), strict=True):
            before = result[-1] if result else None
            whole = self._font(unit, script, before)
            result += [whole] * len(unit) if whole else [self._font(char, script, before) or basic for char in unit]
        return result

    def runs(self, text: str) -> list[Run]:
        """Split a drawable text into runs of one font each."""
        return runs_of(text, self.fonts_for(text))

    def _font(self, unit: str, script: str, before: Font | None) -> Font | None:
        """Return the font for this cluster; an invisible one keeps the font before it."""
        visible = [char for char in unit if char != "\n" and (char.isspace() or not _is_invisible(char))]
        if not visible:
            return before or self._preferred(script)[0]
        # Not an emoji font's space, which is as wide as an emoji; and libass draws a box for a missing space.
        is_space = "".join(visible).isspace()
        if is_space and before is not None and before is not packaged_fonts()[_EMOJI] and all(map(before.covers, visible)):
            return before
        key = (unit, script)
        if key not in self._chosen:
            fonts = self._preferred(script)
            self._chosen[key] = next((font for font in fonts if all(map(font.covers, visible))), None)
        return self._chosen[key]

    def _preferred(self, script: str) -> list[Font]:
        """Return all fonts, the script's own first."""
        if script not in self._preferences:
            packaged = packaged_fonts()
            first: tuple[str, ...]
            if script == EMOJI:
                first = (_EMOJI,)
            elif script in {"Hira", "Kana"}:
                first = _HAN["Jpan"]
            elif script == "Hang":
                first = _HAN["Kore"]
            elif script in {"Hani", "Bopo"}:
                first = _HAN[self._han]
            else:
                first = _NASTALIQ if script == "Arab" and (self._language or "").split("-")[0] == "ur" else ()
                first += tuple(name for name, font in packaged.items() if script in font.scripts)
            fonts = [packaged[name] for name in dict.fromkeys((*first, *packaged))]
            self._preferences[script] = fonts + self._more
        return self._preferences[script]


@lru_cache(maxsize=4096)
def _is_invisible(char: str) -> bool:
    return char.isspace() or (unicodedata.category(char) == "Cf" and char not in _SHOWING_FORMATS) or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=1)
def _latin() -> frozenset[str]:
    """Return the characters of Latin, Greek and Cyrillic texts, which one font draws."""
    font = packaged_fonts()["NotoSans"]
    points = (*range(0x20, 0x2B0), *range(0x370, 0x483), *range(0x1E00, 0x2000), *range(0x2010, 0x2028), *range(0x2030, 0x205F))
    return frozenset(char for char in map(chr, points) if font.covers(char))
