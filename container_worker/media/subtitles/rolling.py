"""Finds lines that roll up, as in live captions and YouTube's automatic ones, and shows each of them once."""

import re
from collections.abc import Sequence
from itertools import pairwise

from container_worker.media.subtitles.cue import Cue

#: A cue that begins this soon after the end of the one before goes on from it, in seconds.
_GAP_S = 0.1
#: So many cues, and this share of all, must begin with lines of the one before: a word said twice is said twice.
_MIN_ROLLING_CUES, _MIN_ROLLING_SHARE = 2, 0.5
#: Most lines that roll up together: live captions have three.
_MAX_LINES = 4
_WORD_TIME = re.compile(r"<(?:\d+:)?\d{1,2}:\d\d[.,]\d+>")


def has_word_times(text: str) -> bool:
    """True for a file in which words have times of their own."""
    return _WORD_TIME.search(text) is not None


def without_repeats(cues: Sequence[Cue], *, is_rolling: bool) -> list[Cue]:
    """The cues with each rolling line in the first of those that have it; one that has no other is added to the cue before.

    Args:
        cues: plain, in order of their start.
        is_rolling: known of the file already; otherwise so many of its cues must begin with lines of the one before.
    """
    if not cues:
        return []
    carried = [0, *(_carried(before, after) for before, after in pairwise(cues))]
    rolls = sum(count > 0 for count in carried)
    if not is_rolling and (rolls < _MIN_ROLLING_CUES or rolls < _MIN_ROLLING_SHARE * (len(cues) - 1)):
        return list(cues)
    result: list[Cue] = []
    for cue, count in zip(cues, carried, strict=True):
        lines = cue.text.split("\n")[count:]
        if lines:
            result.append(Cue(cue.start_s, cue.end_s, "\n".join(lines)))
        elif result:
            last = result[-1]
            result[-1] = Cue(last.start_s, max(last.end_s, cue.end_s), last.text)
    return result


def _carried(before: Cue, after: Cue) -> int:
    """Count the lines at the end of one cue that are repeated at the beginning of the next."""
    if abs(after.start_s - before.end_s) > _GAP_S:
        return 0
    old, new = before.text.split("\n"), after.text.split("\n")
    return next((count for count in range(min(len(old), len(new), _MAX_LINES), 0, -1) if old[-count:] == new[:count]), 0)
