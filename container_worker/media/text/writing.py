"""Tells which script each cluster of a text belongs to: marks that all scripts share go with the words around them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

Han = Literal["Hans", "Hant", "Jpan", "Kore"]
#: ISO 15924 codes: of emoji, and of text without a script.
EMOJI, COMMON = "Zsye", frozenset({"Zyyy", "Zinh", "Zzzz"})
#: Scripts that share the marks and the width of Chinese.
_CJK = frozenset({"Hani", "Hira", "Kana", "Bopo"})
#: Marks that East Asian fonts draw as wide as an ideograph, and others do not.
_AMBIGUOUS = frozenset("“”‘’…—·")
_APOSTROPHE = "’"
_CLOSED_BY = dict(zip("([{“‘«‹（［｛「『【〔〈《〖〘〚", ")]}”’»›）］｝」』】〕〉》〗〙〛", strict=True))
_CLOSING = frozenset(_CLOSED_BY.values())
#: Kana, ideographs and Hangul: what tells the languages of East Asia apart. Not the dot between names, which all have.
_TELLING = re.compile("[ぁ-ヺー-ヿ一-鿿가-힣]")
#: An open bracket waits for its partner this deep, as in the bidirectional algorithm.
_MAX_DEPTH = 63


def scripts_of(units: Sequence[str]) -> list[str]:
    """The ISO 15924 code of each cluster's script; none is without one, and a text without any letter is Latin.

    Args:
        units: the clusters of one cue. Each of its lines stands for itself, as many cues say the same in two languages; one
            without a letter goes with the others.
    """
    own = [_own_script(unit) for unit in units]
    letters = _letters(own)
    result: list[str] = []
    start = 0
    for end in [*(index for index, unit in enumerate(units) if unit == "\n"), len(units)]:
        line = own[start:end]
        likely = _letters(line) or letters or ["Latn"]
        result += [*_resolved(units[start:end], line, likely), *likely[:1]]
        start = end + 1
    return result[: len(units)]


def _letters(own: Iterable[str]) -> list[str]:
    """The scripts of those that have one."""
    return [script for script in own if script not in COMMON and script != EMOJI]


def _resolved(units: Sequence[str], own: Sequence[str], letters: Sequence[str]) -> list[str]:
    """The script of each cluster of one line.

    Args:
        units: the line's clusters.
        own: the script of each, where it has one.
        letters: the scripts of the letters that together decide how quotes and dashes look, at least one.
    """
    is_cjk = 2 * sum(script in _CJK for script in letters) > len(letters)
    following = _following(own)
    result: list[str] = []
    # The nearest one before that is Chinese or Japanese, and that is not; the later of the two.
    seen = {True: "", False: ""}
    last = ""
    open_marks: list[tuple[str, str]] = []
    for index, (unit, script) in enumerate(zip(units, own, strict=True)):
        if script in COMMON:
            mark = unit[0]
            neighbours = [last, following[index], letters[0]]
            if mark.isspace() and result and result[-1] != EMOJI:
                neighbours.insert(0, result[-1])
            if mark in _AMBIGUOUS:
                wide = is_cjk and not (mark == _APOSTROPHE and _between_letters(units, index))
                neighbours = [seen[wide], *(near for near in neighbours if (near in _CJK) == wide), "Hani" if wide else "Latn"]
            script = _partner(open_marks, mark) or _first_allowed(neighbours, _extensions(mark))  # noqa: PLW2901
            if mark in _CLOSED_BY and len(open_marks) < _MAX_DEPTH:
                open_marks.append((_CLOSED_BY[mark], script))
        elif script != EMOJI:
            last = seen[script in _CJK] = script
        result.append(script)
    return result


def _following(own: Sequence[str]) -> list[str]:
    """For each place the next script of a letter, or nothing."""
    result, following = [], ""
    for script in reversed(own):
        result.append(following)
        if script not in COMMON and script != EMOJI:
            following = script
    return result[::-1]


def _partner(open_marks: list[tuple[str, str]], mark: str) -> str | None:
    """The script of the bracket that this one closes; it and what was opened in it are closed."""
    if mark in _CLOSING:
        for depth in range(len(open_marks) - 1, -1, -1):
            if open_marks[depth][0] == mark:
                script = open_marks[depth][1]
                del open_marks[depth:]
                return script
    return None


def _first_allowed(scripts: Sequence[str], allowed: frozenset[str]) -> str:
    """The first of these scripts, of which one is not empty, that the mark is used with; Chinese, or any, where none is."""
    found = [script for script in scripts if script]
    return next((script for script in found if not allowed or script in allowed), "Hani" if "Hani" in allowed else found[0])


def _between_letters(units: Sequence[str], index: int) -> bool:
    return 0 < index < len(units) - 1 and units[index - 1][-1].isalpha() and units[index + 1][0].isalpha()


@lru_cache(maxsize=4096)
def _own_script(unit: str) -> str:
    if _is_emoji(unit):
        return EMOJI
    from fontTools import unicodedata

    return next((script for char in unit if (script := unicodedata.script(char)) not in COMMON), "Zyyy")


@lru_cache(maxsize=256)
def _extensions(char: str) -> frozenset[str]:
    """The scripts that this mark is used with; nothing where all do."""
    from fontTools import unicodedata

    return frozenset(unicodedata.script_extension(char)) - COMMON


@lru_cache(maxsize=1)
def _emoji() -> Any:
    import regex

    return regex.compile(r"(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|.*[\ufe0f\u20e3])(?!\ufe0e)").match


def _is_emoji(unit: str) -> bool:
    return _emoji()(unit) is not None


def han_of(language: str | None, texts: Iterable[str]) -> Han:
    """Whose forms of the ideographs the texts have, by their language, or where it does not say by what they are written with.

    Args:
        language: a BCP 47 tag or none.
        texts: all of a file; a part of it may hold too few signs.
    """
    subtags = (language or "").split("-")
    if subtags[0] in {"ja", "ko"}:
        return "Jpan" if subtags[0] == "ja" else "Kore"
    if subtags[0] in {"zh", "yue", "lzh"} and (len(subtags) > 1 or subtags[0] != "zh"):
        is_traditional = {"Hant", "TW", "HK", "MO", "yue", "lzh"} & set(subtags) and "Hans" not in subtags
        return "Hant" if is_traditional else "Hans"
    found = Counter(char for text in texts for char in _TELLING.findall(text))
    kana, hangul, han = (_total(found, first, last) for first, last in (("ぁ", "ヿ"), ("가", "힣"), ("一", "鿿")))
    # A tenth: a word of Japanese or Korean does not make a Chinese file so.
    if subtags[0] != "zh" and 10 * max(kana, hangul) > han:
        return "Jpan" if kana >= hangul else "Kore"
    if not han:
        return "Hans"
    simplified, traditional = _only("gb2312", "big5"), _only("big5", "gb2312")
    balance = sum(count * ((char in traditional) - (char in simplified)) for char, count in found.items())
    return "Hant" if balance > 0 else "Hans"


def _total(found: Mapping[str, int], first: str, last: str) -> int:
    """Count the characters in this range."""
    return sum(count for char, count in found.items() if first <= char <= last)


@lru_cache(maxsize=2)
def _only(encoding: str, other: str) -> frozenset[str]:
    """The ideographs that one encoding has and the other has not."""

    def has(char: str, name: str) -> bool:
        try:
            return bool(char.encode(name))
        except UnicodeEncodeError:
            return False

    return frozenset(char for char in map(chr, range(0x4E00, 0xA000)) if has(char, encoding) and not has(char, other))
