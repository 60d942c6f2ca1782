"""Pauses between attempts: each twice as long as the one before, up to a longest one, and spread by chance."""

import random
from collections.abc import Callable

#: More doublings than any pause needs.
_MAX_DOUBLINGS = 40


def jittered(pause_s: float, chance: Callable[[float, float], float] = random.uniform) -> float:  # noqa: S311  no secret
    """Return a part of a pause, at least half of it, so that many programs do not come back at the same moment.

    Args:
        pause_s: the longest that it may be.
        chance: a number between its two arguments.
    """
    return chance(pause_s / 2, pause_s)


def doubled(initial_s: float, max_s: float, attempts: int) -> float:
    """Return the pause after so many attempts, at least 1, without jitter."""
    return min(max_s, initial_s * 2.0 ** min(max(0, attempts - 1), _MAX_DOUBLINGS))


class Backoff:
    """The pauses of one caller, from the first attempt that failed until one succeeds. Not thread-safe.

    Args:
        initial_s: the first pause, before jitter.
        max_s: the longest.
    """

    def __init__(self, initial_s: float, max_s: float) -> None:
        self._initial_s, self._max_s = initial_s, max_s
        self._attempts = 0

    def next_s(self) -> float:
        """Return the next pause, in seconds."""
        self._attempts += 1
        return jittered(doubled(self._initial_s, self._max_s, self._attempts))

    def reset(self) -> None:
        """Begin anew with the initial pause; safe twice."""
        self._attempts = 0
