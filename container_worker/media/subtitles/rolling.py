"""Removes repeated lines of roll-up captions, such as live captions and YouTube's automatic ones."""

import re
from collections.abc import Sequence
from itertools import pairwise

from container_worker.media.subtitles.cue import Cue

#: Largest gap between a cue and the one that continues it, in seconds.
_GAP_S = 0.1
#: Number and share of cues that must begin with lines of the one before, so that a word said twice is kept.
_MIN_ROLLING_CUES, _MIN_ROLLING_SHARE = 2, 0.5
#: Largest number of lines that roll together; live captions have three.
_MAX_LINES = 4
_WORD_TIME = re.compile(r"<(?:\d+:)?\d{1,2}:\d\d[.,]\d+>")


def has_word_times(text: str) -> bool:
    """Return True if words in the file have their own times."""
    return _WORD_TIME.search(text) is not None


def without_repeats(cues: Sequence[Cue], *, is_rolling: bool) -> list[Cue]:
    """Return the cues with each rolling line kept only in its first cue; a cue without new lines prolongs the one before.

    Args:
        cues: plain, in order of their start.
        is_rolling: True if the file is known to roll; otherwise enough cues must begin with lines of the one before.
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
    """Count the last lines of one cue that the next one begins with."""
    if abs(after.start_s - before.end_s) > _GAP_S:
        return 0
    old, new = before.text.split("\n"), after.text.split("\n")
    return next((count for count in range(min(len(old), len(new), _MAX_LINES), 0, -1) if old[-count:] == new[:count]), 0)
