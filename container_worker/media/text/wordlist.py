"""Finds word boundaries in scripts without spaces: Thai, Lao, Khmer and Burmese."""

import lzma
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from container_worker.media.text.clusters import clusters

#: Written by deploy/make_word_lists.py.
LISTS = Path(__file__).resolve().parents[2] / "word_lists"
#: Letters and marks of each script; digits and punctuation end a word.
_LETTERS = {
    "thai": "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e",
    "lao": "\u0e81-\u0eae\u0eb0-\u0ec5\u0ec7-\u0ecf\u0edc-\u0edf",
    "khmer": "\u1780-\u17d3\u17dd",
    "burmese": "\u1000-\u103f\u104c-\u104f\u1050-\u108f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f",
}
#: A run of letters of one script, in a group named after its list.
_RUN = re.compile("|".join(f"(?P<{name}>[{letters}\u200c\u200d]+)" for name, letters in _LETTERS.items()))
#: Cost of a cluster outside listed words; above 1, the cost of a word, so that words are preferred.
_UNKNOWN = 1.5


def packed(words: Sequence[str]) -> bytes:
    """Compress sorted words into a list file."""
    return lzma.compress("\n".join(words).encode(), preset=9 | lzma.PRESET_EXTREME)


@lru_cache(maxsize=len(_LETTERS))
def _words(name: str) -> tuple[frozenset[str], int]:
    """Load a list and the length of its longest word, in characters. Takes 10 to 30 ms."""
    words = lzma.decompress((LISTS / f"{name}.xz").read_bytes()).decode().split("\n")
    return frozenset(words), max(map(len, words))


def word_ends(text: str) -> frozenset[int]:
    """Return the positions of word boundaries without a space."""
    if text.isascii():
        return frozenset()
    found = (end for run in _RUN.finditer(text) for end in _ends(run[0], run.start(), *_words(run.lastgroup or "")))
    return frozenset(found)


def _ends(run: str, offset: int, words: frozenset[str], longest: int) -> Iterator[int]:
    """Yield the ends of all words but the last in a run of letters, along the path of least cost."""
    places = [0, *accumulate(map(len, clusters(run)))]
    count = len(places) - 1
    # For each position: the cost from there to the end, and the end of its first word.
    cost, following = [0.0] * (count + 1), [count] * (count + 1)
    is_unknown = [False] * (count + 1)
    for index in range(count - 1, -1, -1):
        start = places[index]
        best, step, unknown = cost[index + 1] + _UNKNOWN, index + 1, True
        for end in range(index + 1, count + 1):
            if places[end] - start > longest:
                break
            # Prefer the longer word at equal cost.
            if cost[end] + 1 <= best and run[start : places[end]] in words:
                best, step, unknown = cost[end] + 1, end, False
        cost[index], following[index], is_unknown[index] = best, step, unknown
    index = 0
    while (index := _word_end(index, following, is_unknown)) < count:
        yield offset + places[index]


def _word_end(index: int, following: Sequence[int], is_unknown: Sequence[bool]) -> int:
    """Return the end of the word that begins here; adjacent clusters outside listed words are one word."""
    if not is_unknown[index]:
        return following[index]
    while is_unknown[index]:
        index = following[index]
    return index
