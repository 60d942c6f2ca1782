"""Computes pauses between attempts: each twice as long as the one before, up to a maximum, with random jitter."""

import random
from collections.abc import Callable

#: More doublings than any pause needs.
_MAX_DOUBLINGS = 40


def jittered(pause_s: float, chance: Callable[[float, float], float] = random.uniform) -> float:  # noqa: S311  no secret
    """Return a random part of a pause, at least half of it, so that many programs do not retry at the same moment.

    Args:
        pause_s: the maximum.
        chance: returns a random number between its two arguments.
    """
    return chance(pause_s / 2, pause_s)


def doubled(initial_s: float, max_s: float, attempts: int) -> float:
    """Return the pause after this many attempts, at least 1, without jitter."""
    return min(max_s, initial_s * 2.0 ** min(max(0, attempts - 1), _MAX_DOUBLINGS))


class Backoff:
    """The pauses of one caller, from the first failed attempt to the next success. Not thread-safe.

    Args:
        initial_s: the first pause, before jitter.
        max_s: the maximum pause.
    """

    def __init__(self, initial_s: float, max_s: float) -> None:
        self._initial_s, self._max_s = initial_s, max_s
        self._attempts = 0

    def next_s(self) -> float:
        """Return the next pause, in seconds."""
        self._attempts += 1
        return jittered(doubled(self._initial_s, self._max_s, self._attempts))

    def reset(self) -> None:
        """Start again with the initial pause; safe twice."""
        self._attempts = 0
