"""Breaks subtitle text into lines: at spaces, and inside Chinese and Japanese text by kinsoku rules."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

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


def clusters(text: str) -> Iterator[str]:
    """The text in units that are never torn: a character with its marks, joiners and variation selectors."""
    start = 0
    for index, char in enumerate(text):
        joins = (
            unicodedata.category(char) in ("Mn", "Mc", "Me") or char in "\u200d\ufe0e\ufe0f" or 0x1F3FB <= ord(char) <= 0x1F3FF
        )
        if index > start and not joins and text[index - 1] != "\u200d":
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def pieces(text: str) -> Iterator[str]:
    """The text cut at every place where a line may end; a piece keeps its trailing space."""
    piece: list[str] = []
    for unit in clusters(text):
        if piece and _may_break("".join(piece[-2:]), unit):
            yield "".join(piece)
            piece = []
        piece.append(unit)
    if piece:
        yield "".join(piece)


def _may_break(before: str, after: str) -> bool:
    last, first = before[-1], after[0]
    if first == " " or first in NOT_AT_START or last in NOT_AT_END:
        return False
    if last == " ":
        return True
    if last in "-–—/" and len(before) > 1 and first.isalpha():
        return True
    return is_wide(before.rstrip("\ufe0e\ufe0f")[-1:] or last) or is_wide(first)


def wrap(text: str, width_px: float, measure: Callable[[str], float], most: int) -> list[str]:
    """The text in as few lines as fit, and those as even as can be.

    Args:
        text: may hold newlines, which are kept.
        width_px: no line is wider, but for a single character that is.
        measure: width of a text in pixels; more text is never narrower.
        most: lines that are of use.

    Returns:
        Lines without spaces at their ends, none empty; one more than `most` where the text has more.

    Cost: O(n) up to the last line of use, whatever stands behind it.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if len(lines) > most:
            break
        lines += _wrap_paragraph(paragraph, width_px, measure, most - len(lines))
    return lines


def _wrap_paragraph(text: str, width_px: float, measure: Callable[[str], float], most: int) -> list[str]:
    text = text.strip()
    if measure(text) <= width_px:
        return [text] if text else []
    units: list[str] = []
    source = (part for piece in pieces(text) for part in _torn(piece, width_px, measure, most))
    lines = _fill(source, width_px, measure, most, units)
    if not lines or len(lines) > most:
        return [line.strip() for line in lines]
    # The narrowest width that needs no more lines makes them even; half a character's precision is enough.
    low, high = width_px / len(lines), width_px
    while high - low > width_px / 64:
        middle = (low + high) / 2
        attempt = _fill(units, middle, measure, len(lines))
        if len(attempt) <= len(lines) and all(measure(line.rstrip()) <= width_px for line in attempt):
            high, lines = middle, attempt
        else:
            low = middle
    return [line.strip() for line in lines]


def _torn(piece: str, width_px: float, measure: Callable[[str], float], most: int) -> Sequence[str]:
    """A piece that is too wide for any line, torn between characters; others as they are."""
    if measure(piece.rstrip()) <= width_px:
        return [piece]
    # One line more than any use: what follows the piece must not move up beside the last one.
    return _fill(clusters(piece), width_px, measure, most + 1)


def _fill(
    units: Iterable[str], width_px: float, measure: Callable[[str], float], most: int, taken: list[str] | None = None
) -> list[str]:
    """Lines that each take as many units as fit; at most one more than `most`. `taken` gets all units that were looked at."""
    source, ahead = iter(units), list[str]()
    lines: list[str] = []
    guess = 1

    def load(count: int) -> int:
        """How many units there are, up to `count`, for the line at hand."""
        new = list(islice(source, max(0, count - len(ahead))))
        ahead.extend(new)
        if taken is not None:
            taken.extend(new)
        return min(count, len(ahead))

    while len(lines) <= most and load(1):
        fits, guess = 1, max(guess, 2)
        # Twice as many until they are too many, then halves of what lies between.
        while (too_many := load(guess)) > fits and measure("".join(ahead[:too_many]).rstrip()) <= width_px:
            fits, guess = too_many, too_many * 2
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            if measure("".join(ahead[:middle]).rstrip()) <= width_px:
                fits = middle
            else:
                too_many = middle
        # Spaces stay: without them, parts of a torn word would fit onto one line together.
        line = "".join(ahead[:fits])
        if line.strip():
            lines.append(line)
        del ahead[:fits]
        guess = fits + 1
    return lines
