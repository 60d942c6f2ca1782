"""Finds where words end in scripts that write no spaces between them: Thai, Lao, Khmer and Burmese."""

import lzma
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from container_worker.media.text.clusters import clusters

#: Written by deploy/make_word_lists.py.
LISTS = Path(__file__).resolve().parents[2] / "word_lists"
#: Letters of each script, with what is written above, below and beside them; digits and punctuation end a word.
_LETTERS = {
    "thai": "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e",
    "lao": "\u0e81-\u0eae\u0eb0-\u0ec5\u0ec7-\u0ecf\u0edc-\u0edf",
    "khmer": "\u1780-\u17d3\u17dd",
    "burmese": "\u1000-\u103f\u104c-\u104f\u1050-\u108f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f",
}
#: A run of letters of one of them, under its list's name.
_RUN = re.compile("|".join(f"(?P<{name}>[{letters}\u200c\u200d]+)" for name, letters in _LETTERS.items()))
#: Cost of a cluster outside every listed word, in words: above one, or unlisted clusters would be preferred to words.
_UNKNOWN = 1.5


def packed(words: Sequence[str]) -> bytes:
    """A list's file, of sorted words."""
    return lzma.compress("\n".join(words).encode(), preset=9 | lzma.PRESET_EXTREME)


@lru_cache(maxsize=len(_LETTERS))
def _words(name: str) -> tuple[frozenset[str], int]:
    """A list, and the length of its longest word in characters. Takes 10 to 30 ms."""
    words = lzma.decompress((LISTS / f"{name}.xz").read_bytes()).decode().split("\n")
    return frozenset(words), max(map(len, words))


def word_ends(text: str) -> frozenset[int]:
    """Places in the text where one word ends and another begins, though nothing is written between them."""
    if text.isascii():
        return frozenset()
    found = (end for run in _RUN.finditer(text) for end in _ends(run[0], run.start(), *_words(run.lastgroup or "")))
    return frozenset(found)


def _ends(run: str, offset: int, words: frozenset[str], longest: int) -> Iterator[int]:
    """Ends of all words but the last in this run of letters: the path of least cost through the list's words."""
    places = [0, *accumulate(map(len, clusters(run)))]
    count = len(places) - 1
    # For each place: the cost from there to the end, and where the first word from there ends.
    cost, following = [0.0] * (count + 1), [count] * (count + 1)
    is_unknown = [False] * (count + 1)
    for index in range(count - 1, -1, -1):
        start = places[index]
        best, step, unknown = cost[index + 1] + _UNKNOWN, index + 1, True
        for end in range(index + 1, count + 1):
            if places[end] - start > longest:
                break
            # The longer word where costs are alike.
            if cost[end] + 1 <= best and run[start : places[end]] in words:
                best, step, unknown = cost[end] + 1, end, False
        cost[index], following[index], is_unknown[index] = best, step, unknown
    index = 0
    while (index := _word_end(index, following, is_unknown)) < count:
        yield offset + places[index]


def _word_end(index: int, following: Sequence[int], is_unknown: Sequence[bool]) -> int:
    """End of the word that begins here; neighbouring clusters that belong to no listed word count as one word."""
    if not is_unknown[index]:
        return following[index]
    while is_unknown[index]:
        index = following[index]
    return index
