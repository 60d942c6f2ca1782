"""Runs actions at a later time in the driver's own thread, so that no fault can delay them."""

import heapq
import itertools
import time
from collections.abc import Callable


class Timers:
    """Actions ordered by the time they are due. Not thread-safe.

    Threads are no alternative: the kernel kills a Redis whose starting thread ends.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._numbers = clock, itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Schedule an action this many seconds from now."""
        heapq.heappush(self._due, (self._clock() + seconds, next(self._numbers), action))

    def run_due(self) -> None:
        """Run the actions that are due."""
        while self._due and self._due[0][0] <= self._clock():
            heapq.heappop(self._due)[2]()

    def run_all(self) -> None:
        """Run all actions now, in the order of their times."""
        while self._due:
            heapq.heappop(self._due)[2]()
