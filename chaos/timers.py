"""What is to be done at a later moment, by the driver itself: no fault holds it up, and nothing is done behind its back."""

import heapq
import itertools
import time
from collections.abc import Callable


class Later:
    """Actions by the time they are due. For one thread.

    Not timers in threads: the kernel ends a Redis with the thread that started it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._numbers = clock, itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do this once so many seconds have passed."""
        heapq.heappush(self._due, (self._clock() + seconds, next(self._numbers), action))

    def do_due(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= self._clock():
            heapq.heappop(self._due)[2]()

    def do_all(self) -> None:
        """Do everything now, in the order it would have come."""
        while self._due:
            heapq.heappop(self._due)[2]()
