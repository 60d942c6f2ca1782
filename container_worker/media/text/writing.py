"""Determines the script of each cluster of a text; shared marks take the script of the text around them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

Han = Literal["Hans", "Hant", "Jpan", "Kore"]
#: ISO 15924 codes: of emoji, and of text without a script.
EMOJI, COMMON = "Zsye", frozenset({"Zyyy", "Zinh", "Zzzz"})
#: Scripts that share punctuation and width with Chinese.
_CJK = frozenset({"Hani", "Hira", "Kana", "Bopo"})
#: Marks that only East Asian fonts draw as wide as an ideograph.
_AMBIGUOUS = frozenset("“”‘’…—·")
_APOSTROPHE = "’"
_CLOSED_BY = dict(zip("([{“‘«‹（［｛「『【〔〈《〖〘〚", ")]}”’»›）］｝」』】〕〉》〗〙〛", strict=True))
_CLOSING = frozenset(_CLOSED_BY.values())
#: Kana, ideographs and Hangul, which tell East Asian languages apart; not the middle dot, which all use.
_TELLING = re.compile("[ぁ-ヺー-ヿ一-鿿가-힣]")
#: Depth to which brackets are paired, as in the bidirectional algorithm.
_MAX_DEPTH = 63


def scripts_of(units: Sequence[str]) -> list[str]:
    """Return the ISO 15924 code of each cluster's script; a text without letters is Latin.

    Args:
        units: the clusters of one cue. Each line is decided separately, because cues may hold two languages; a line without
            letters follows the others.
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
    """Return the scripts of the letters."""
    return [script for script in own if script not in COMMON and script != EMOJI]


def _resolved(units: Sequence[str], own: Sequence[str], letters: Sequence[str]) -> list[str]:
    """Return the script of each cluster of one line.

    Args:
        units: the line's clusters.
        own: their own scripts, or a code of COMMON.
        letters: scripts of the letters that decide the form of quotes and dashes, at least one.
    """
    is_cjk = 2 * sum(script in _CJK for script in letters) > len(letters)
    following = _following(own)
    result: list[str] = []
    # The last script that is CJK, and the last that is not.
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
    """Return, for each position, the script of the next letter, or ""."""
    result, following = [], ""
    for script in reversed(own):
        result.append(following)
        if script not in COMMON and script != EMOJI:
            following = script
    return result[::-1]


def _partner(open_marks: list[tuple[str, str]], mark: str) -> str | None:
    """Return the script of the bracket that this one closes, and close it with all opened inside."""
    if mark in _CLOSING:
        for depth in range(len(open_marks) - 1, -1, -1):
            if open_marks[depth][0] == mark:
                script = open_marks[depth][1]
                del open_marks[depth:]
                return script
    return None


def _first_allowed(scripts: Sequence[str], allowed: frozenset[str]) -> str:
    """Return the first of these scripts that is allowed, else Hani if allowed, else the first one."""
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
    """Return the scripts that use this mark; empty for all."""
    from fontTools import unicodedata

    return frozenset(unicodedata.script_extension(char)) - COMMON


@lru_cache(maxsize=1)
def _emoji() -> Any:
    import regex

    return regex.compile(r"(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|.*[\ufe0f\u20e3])(?!\ufe0e)").match


def _is_emoji(unit: str) -> bool:
    return _emoji()(unit) is not None


def han_of(language: str | None, texts: Iterable[str]) -> Han:
    """Return the regional form of the texts' ideographs, by language or else by the characters used.

    Args:
        language: a BCP 47 tag or None.
        texts: all texts of a file.
    """
    subtags = (language or "").split("-")
    if subtags[0] in {"ja", "ko"}:
        return "Jpan" if subtags[0] == "ja" else "Kore"
    if subtags[0] in {"zh", "yue", "lzh"} and (len(subtags) > 1 or subtags[0] != "zh"):
        is_traditional = {"Hant", "TW", "HK", "MO", "yue", "lzh"} & set(subtags) and "Hans" not in subtags
        return "Hant" if is_traditional else "Hans"
    found = Counter(char for text in texts for char in _TELLING.findall(text))
    kana, hangul, han = (_total(found, first, last) for first, last in (("ぁ", "ヿ"), ("가", "힣"), ("一", "鿿")))
    # More than a tenth, so that a Japanese or Korean word does not decide for a Chinese file.
    if subtags[0] != "zh" and 10 * max(kana, hangul) > han:
        return "Jpan" if kana >= hangul else "Kore"
    if not han:
        return "Hans"
    simplified, traditional = _only("gb2312", "big5"), _only("big5", "gb2312")
    balance = sum(count * ((char in traditional) - (char in simplified)) for char, count in found.items())
    return "Hant" if balance > 0 else "Hans"


def _total(found: Mapping[str, int], first: str, last: str) -> int:
    """Count the characters in a range."""
    return sum(count for char, count in found.items() if first <= char <= last)


@lru_cache(maxsize=2)
def _only(encoding: str, other: str) -> frozenset[str]:
    """Return the ideographs that only the first of two encodings has."""

    def has(char: str, name: str) -> bool:
        try:
            return bool(char.encode(name))
        except UnicodeEncodeError:
            return False

    return frozenset(char for char in map(chr, range(0x4E00, 0xA000)) if has(char, encoding) and not has(char, other))
