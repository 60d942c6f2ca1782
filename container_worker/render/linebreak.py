"""Breaks subtitle text into lines: at spaces, and inside Chinese and Japanese text by kinsoku rules."""

import unicodedata
from collections.abc import Callable, Sequence

#: What may not begin a line: closing marks, small kana, iteration marks (JIS X 4051, GB/T 15834).
NOT_AT_START = frozenset(
    "、。，．・：；？！!?,.:;)]}」』）】〕〉》〗〙〟’”…‥—～〜ーゝゞヽヾ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％%°℃"
)
#: What may not end a line: opening marks and currency signs before their number.
NOT_AT_END = frozenset("「『（【〔〈《〖〘〝‘“([{$¥￥£€")


def is_wide(char: str) -> bool:
    """Whether text may be broken beside this character without a space: CJK ideographs, kana, full-width marks."""
    return (
        unicodedata.east_asian_width(char) in ("W", "F")
        and not 0x1100 <= ord(char) <= 0x11FF
        and not 0xAC00 <= ord(char) <= 0xD7A3
    )


def clusters(text: str) -> list[str]:
    """The text in units that are never torn: a character with its marks, joiners and variation selectors."""
    units: list[str] = []
    for char in text:
        joins = (
            unicodedata.category(char) in ("Mn", "Mc", "Me") or char in "\u200d\ufe0e\ufe0f" or 0x1F3FB <= ord(char) <= 0x1F3FF
        )
        if units and (joins or units[-1].endswith("\u200d")):
            units[-1] += char
        else:
            units.append(char)
    return units


def pieces(text: str) -> list[str]:
    """The text cut at every place where a line may end; a piece keeps its trailing space."""
    result: list[str] = []
    for unit in clusters(text):
        if result and not _may_break(result[-1], unit):
            result[-1] += unit
        else:
            result.append(unit)
    return result


def _may_break(before: str, after: str) -> bool:
    last, first = before[-1], after[0]
    if first == " " or first in NOT_AT_START or last in NOT_AT_END:
        return False
    if last == " ":
        return True
    if last in "-–—/" and len(before) > 1 and first.isalpha():
        return True
    return is_wide(before.rstrip("\ufe0e\ufe0f")[-1:] or last) or is_wide(first)


def wrap(text: str, width_px: float, measure: Callable[[str], float]) -> list[str]:
    """The text in as few lines as fit, and those as even as can be.

    Args:
        text: may hold newlines, which are kept.
        width_px: no line is wider, but for a single character that is.
        measure: width of a text in pixels.

    Returns:
        Lines without spaces at their ends.
    """
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, width_px, measure)]


def _wrap_paragraph(text: str, width_px: float, measure: Callable[[str], float]) -> list[str]:
    if measure(text) <= width_px:
        return [text]
    units = [part for piece in pieces(text) for part in _torn(piece, width_px, measure)]
    lines = _fill(units, width_px, measure)
    # The narrowest width that needs no more lines makes them even; half a character's precision is enough.
    low, high = width_px / len(lines), width_px
    while high - low > width_px / 64:
        middle = (low + high) / 2
        attempt = _fill(units, middle, measure)
        if len(attempt) <= len(lines) and all(measure(line) <= width_px for line in attempt):
            high, lines = middle, attempt
        else:
            low = middle
    return lines


def _torn(piece: str, width_px: float, measure: Callable[[str], float]) -> Sequence[str]:
    """A piece that is too wide for any line, torn between characters; others as they are."""
    if measure(piece.rstrip()) <= width_px:
        return [piece]
    return _fill(clusters(piece), width_px, measure)


def _fill(units: Sequence[str], width_px: float, measure: Callable[[str], float]) -> list[str]:
    lines = [""]
    for unit in units:
        if lines[-1] and measure((lines[-1] + unit).rstrip()) > width_px:
            lines.append("")
        lines[-1] += unit
    return [line.strip() for line in lines if line.strip()]
