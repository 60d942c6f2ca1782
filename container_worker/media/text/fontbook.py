"""Chooses a font for every character of a text, by its script and the texts' language, and tells what none can draw."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from container_worker.media.text.clusters import clusters
from container_worker.media.text.fonts import Font, packaged_fonts, system_fonts_for
from container_worker.media.text.writing import EMOJI, Han, han_of, scripts_of

#: What draws ideographs, kana and their marks, by whose forms they have. Each cut holds only what SC lacks or draws otherwise.
_HAN = {
    "Hans": ("NotoSansSC", "NotoSansTC"),
    "Hant": ("NotoSansTC", "NotoSansSC"),
    "Jpan": ("NotoSansJP", "NotoSansSC"),
    "Kore": ("NotoSansKR", "NotoSansJP", "NotoSansSC"),
}
#: Written by hand in this style wherever Urdu is.
_NASTALIQ = ("NotoNastaliqUrdu",)
_EMOJI = "NotoEmoji"
#: Format characters that show, unlike the others of their category.
_SHOWING_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


@dataclass(frozen=True)
class Run:
    """Neighbouring characters in one font."""

    font: Font
    text: str


def runs_of(text: str, fonts: Sequence[Font]) -> list[Run]:
    """The text cut where its characters' fonts change."""
    parts, start = [], 0
    for font, group in groupby(fonts):
        end = start + sum(1 for _ in group)
        parts.append(Run(font, text[start:end]))
        start = end
    return parts


class FontBook:
    """Chooses fonts for texts that belong together, and remembers what it could not draw."""

    def __init__(self, language: str | None = None, *, use_system: bool = True) -> None:
        """Take the packaged fonts.

        Args:
            language: BCP 47 tag of the texts; without one it is judged by the texts that are looked for first.
            use_system: whether what the packaged fonts lack may come from the machine's.
        """
        self._language = language
        self._use_system = use_system
        self._more: list[Font] = []
        self._looked_for: set[str] = set()
        self._is_judged = False
        self._han: Han = "Hans"
        self._preferences: dict[str, list[Font]] = {}
        self._chosen: dict[tuple[str, str], Font | None] = {}
        #: Characters that no font has; they are left out of what is drawn.
        self.missing: set[str] = set()

    @property
    def language(self) -> str:
        """Two letters: of the texts' language, or of what they were judged by; en where neither says."""
        named = (self._language or "").split("-")[0]
        judged = {"Jpan": "ja", "Kore": "ko"}.get(self._han, "en")
        return named if len(named) == 2 else judged

    def judge(self, texts: Iterable[str]) -> None:
        """Settle whose ideographs are drawn, by all of these texts, unless that is settled."""
        if not self._is_judged:
            self._han, self._is_judged = han_of(self._language, texts), True

    def look_for(self, texts: Sequence[str]) -> None:
        """Find fonts for all characters of these texts; what none has is added to `missing`.

        The first texts that hold more than Latin are judged by.

        Cost: where a packaged font lacks one that has not been looked for, one look into the system's fonts.
        """
        chars = set[str]().union(*texts) - _latin()
        if chars:
            self.judge(texts)
        unknown = {char for char in chars if not self._can_draw(char)}
        new = frozenset(unknown - self._looked_for)
        if new and self._use_system:
            self._looked_for |= new
            self._more += system_fonts_for(new)
            self._preferences.clear()
            self._chosen.clear()
        self.missing |= {char for char in unknown if not self._can_draw(char)}

    def drawable(self, text: str) -> str:
        """The text without the characters that no font has, which are added to `missing`."""
        self.look_for([text])
        return "".join(char for char in text if char not in self.missing) if self.missing else text

    def _can_draw(self, char: str) -> bool:
        return _is_invisible(char) or any(font.covers(char) for font in (*packaged_fonts().values(), *self._more))

    def fonts_for(self, text: str) -> list[Font]:
        """The font of each character of one cue, which is drawable."""
        basic = packaged_fonts()["NotoSans"]
        if _latin().issuperset(text):
            return [basic] * len(text)
        self.judge([text])
        units = clusters(text)
        result: list[Font] = []
        for unit, script in zip(units, scripts_of(units), strict=True):
            before = result[-1] if result else None
            whole = self._font(unit, script, before)
            result += [whole] * len(unit) if whole else [self._font(char, script, before) or basic for char in unit]
        return result

    def runs(self, text: str) -> list[Run]:
        """One cue's text cut into runs of one font each."""
        return runs_of(text, self.fonts_for(text))

    def _font(self, unit: str, script: str, before: Font | None) -> Font | None:
        """The font for this cluster; of an invisible one, the font that goes on."""
        visible = [char for char in unit if char != "\n" and (char.isspace() or not _is_invisible(char))]
        if not visible:
            return before or self._preferred(script)[0]
        # An emoji font's space is as wide as an emoji; what a font has no space for, libass draws as a box.
        is_space = "".join(visible).isspace()
        if is_space and before is not None and before is not packaged_fonts()[_EMOJI] and all(map(before.covers, visible)):
            return before
        key = (unit, script)
        if key not in self._chosen:
            fonts = self._preferred(script)
            self._chosen[key] = next((font for font in fonts if all(map(font.covers, visible))), None)
        return self._chosen[key]

    def _preferred(self, script: str) -> list[Font]:
        """All fonts, the script's own first."""
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
    """Letters of Latin, Greek and Cyrillic and the marks between them: a text of nothing else is in one font."""
    font = packaged_fonts()["NotoSans"]
    points = (*range(0x20, 0x2B0), *range(0x370, 0x483), *range(0x1E00, 0x2000), *range(0x2010, 0x2028), *range(0x2030, 0x205F))
    return frozenset(char for char in map(chr, points) if font.covers(char))
