"""Breaks subtitle text into lines: at spaces, inside Chinese and Japanese by kinsoku rules, inside Thai and the like at words."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise

from container_worker.media.text.clusters import clusters
from container_worker.media.text.wordlist import word_ends

#: Characters that may not begin a line: closing marks, small kana, iteration marks (JIS X 4051, GB/T 15834) and similar ones.
NOT_AT_START = frozenset(
    "、。，．・：；？！!?,.:;)]}」』】）〕〉》〗〙〟’”…‥—～〜ーゝゞヽヾ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％%°℃"
    "،؛؟۔।॥ฯๆໆຯ។៕៖ៗ៘៙៚၊။༌།༎༏༐༑༔፡።፣፤፥፦፧፨᠂᠃᭞᭟꧈꧉"
)
#: Characters that may not end a line: opening marks, and currency signs before a number.
NOT_AT_END = frozenset("「『（【〔〈《〖〘〝‘“([{$¥￥£€")
#: Characters after which a line may end without a space: zero-width space, word separators of Tibetan and Ethiopic.
BREAK_AFTER = frozenset("\u200b\u0f0b\u1361")
#: Spaces at which a line may end.
_SPACES = frozenset(" \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f")
#: Characters at which no line ends: no-break spaces and the word joiner.
_GLUE = frozenset("\u00a0\u202f\u2007\u2060")


def is_wide(char: str) -> bool:
    """Return True if text may be broken beside this character without a space: CJK ideographs, kana, full-width marks."""
    return (
        unicodedata.east_asian_width(char) in ("W", "F")
        and not 0x1100 <= ord(char) <= 0x11FF
        and not 0xA960 <= ord(char) <= 0xA97C
        and not 0xAC00 <= ord(char) <= 0xD7A3
    )


def pieces(text: str) -> Iterator[str]:
    """Split the text wherever a line may end; pieces keep their trailing space."""
    words = word_ends(text)
    start = at = 0
    before = ""
    for unit in clusters(text):
        if at and (at in words or _may_break(text, at, before, unit)):
            yield text[start:at]
            start = at
        at += len(unit)
        before = unit
    if start < at:
        yield text[start:]


def _may_break(text: str, at: int, before: str, after: str) -> bool:
    """Return True if a line may end between these two clusters, the second of which begins at `at`."""
    last, first = before[-1], after[0]
    if first in _SPACES or first in _GLUE or last in _GLUE or first in NOT_AT_START or last in NOT_AT_END:
        return False
    if last in _SPACES:
        return not _is_inside_guillemets(text, at)
    if last in BREAK_AFTER:
        return True
    if last in "-–—/" and at > 1 and text[at - 2] not in _SPACES and first.isalpha():
        return True
    return is_wide(before.rstrip("\ufe0e\ufe0f")[-1:] or last) or is_wide(first)


def _is_inside_guillemets(text: str, at: int) -> bool:
    """Return True if the space before this position separates a guillemet from the quoted text."""
    opens = text[at - 2 : at - 1] == "«" and text[at - 3 : at - 2] in {"", " ", "\n"}
    closes = text[at] == "»" and not text[at + 1 : at + 2].isalnum()
    return opens or closes


def wrap(text: str, width_px: float, measure: Callable[[int, int], float], most: int) -> list[tuple[int, int]]:
    """Break the text into as few lines as fit, of similar width.

    Args:
        text: may hold newlines, which are kept.
        width_px: largest width of a line, unless a single character is wider.
        measure: returns the width in pixels of the text between two positions; nearly monotonic.
        most: largest number of lines that are used.

    Returns:
        Begin and end of each line, stripped, none empty; `most` + 1 lines if the text has more.

    Cost: O(n) in the text of the lines used, whatever follows.
    """
    lines: list[tuple[int, int]] = []
    start = 0
    for paragraph in text.split("\n"):
        if len(lines) > most:
            break
        lines += _Paragraph(text, start, start + len(paragraph), width_px, measure).lines(most - len(lines))
        start += len(paragraph) + 1
    return lines


class _Paragraph:
    """A part of the text without newlines."""

    def __init__(self, text: str, start: int, end: int, width_px: float, measure: Callable[[int, int], float]) -> None:
        self._text, self._measure = text, measure
        self._start, self._end = self._stripped(start, end)
        self._width_px = width_px

    def _stripped(self, start: int, end: int) -> tuple[int, int]:
        """Return the part without spaces at its ends."""
        part = self._text[start:end]
        start += len(part) - len(part.lstrip())
        return start, max(start, start + len(part.strip()))

    def _width(self, start: int, end: int) -> float:
        """Return the width without trailing spaces."""
        return self._measure(start, start + len(self._text[start:end].rstrip()))

    def lines(self, most: int) -> list[tuple[int, int]]:
        """Return begin and end of each line, at most `most` + 1."""
        start, end, full = self._start, self._end, self._width_px
        if start == end:
            return []
        if self._width(start, end) <= full:
            return [(start, end)]
        taken: list[int] = []
        source = accumulate((len(piece) for piece in pieces(self._text[start:end])), initial=start)
        ends = (torn for begin, stop in pairwise(source) for torn in self._torn(begin, stop, most))
        lines = self._fill(ends, start, full, most, taken)
        if lines and len(lines) <= most:
            lines = self._evened(taken, lines)
        return [self._stripped(*line) for line in lines]

    def _evened(self, ends: Sequence[int], lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the lines of the narrowest width that needs no more lines, to half a character."""
        low, high = self._width_px / len(lines), self._width_px
        while high - low > self._width_px / 64:
            middle = (low + high) / 2
            attempt = self._fill(ends, self._start, middle, len(lines))
            if len(attempt) <= len(lines) and all(self._width(*line) <= self._width_px for line in attempt):
                high, lines = middle, attempt
            else:
                low = middle
        return lines

    def _torn(self, start: int, end: int, most: int) -> Sequence[int]:
        """Return the piece's end, or the ends of its clusters if it is too wide for a line."""
        if self._width(start, end) <= self._width_px:
            return [end]
        # One line more than is used, so that the next piece does not move into the last line.
        cuts = islice(accumulate(map(len, clusters(self._text[start:end])), initial=start), 1, None)
        return [stop for _, stop in self._fill(cuts, start, self._width_px, most + 1)]

    def _fill(
        self, ends: Iterable[int], start: int, width_px: float, most: int, taken: list[int] | None = None
    ) -> list[tuple[int, int]]:
        """Fill lines greedily with units; returns at most `most` + 1 lines.

        Args:
            ends: ends of the units, the first of which begins at `start`.
            start: begin of the first line.
            width_px: width of a line.
            most: largest number of lines that are used.
            taken: receives the ends of all units read.
        """
        source, ahead = iter(ends), list[int]()
        lines: list[tuple[int, int]] = []
        guess = 1

        def load(count: int) -> int:
            """Read ahead up to `count` units for the current line; returns the number available."""
            new = list(islice(source, max(0, count - len(ahead))))
            ahead.extend(new)
            if taken is not None:
                taken.extend(new)
            return min(count, len(ahead))

        while len(lines) <= most and load(1):
            fits, guess = 1, max(guess, 2)
            # Double the number until it is too large, then bisect.
            while (too_many := load(guess)) > fits and self._width(start, ahead[too_many - 1]) <= width_px:
                fits, guess = too_many, too_many * 2
            while too_many - fits > 1:
                middle = (fits + too_many) // 2
                if self._width(start, ahead[middle - 1]) <= width_px:
                    fits = middle
                else:
                    too_many = middle
            # Spaces stay part of the line: without them, parts of a divided word would fit onto one line.
            if self._text[start : ahead[fits - 1]].strip():
                lines.append((start, ahead[fits - 1]))
            start = ahead[fits - 1]
            del ahead[:fits]
            guess = fits + 1
        return lines
