"""Remembers rejected requests for a while, so that they are not repeated at once."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from scenequeue.reasons import Reason


@dataclass(frozen=True)
class Rejection:
    """The reason for which a request was rejected, and the chance that a later one is not."""

    reason: Reason
    transient: bool = True
    lacks_capacity: bool = False


class Cooldown:
    """Remembers each rejection for a fixed time. Thread-safe.

    Args:
        retry_s: seconds after which the same request may be made again.
        clock: monotonic seconds.
    """

    def __init__(self, retry_s: float, clock: Callable[[], float]) -> None:
        self._retry_s, self._clock = retry_s, clock
        self._until: dict[Hashable, tuple[float, Rejection]] = {}
        self._lock = threading.Lock()

    def add(self, key: Hashable, rejection: Rejection) -> Rejection:
        """Remember a rejection from now on, and return it."""
        with self._lock:
            self._until[key] = (self._clock() + self._retry_s, rejection)
        return rejection

    def find(self, *keys: Hashable) -> Rejection | None:
        """Return the rejection of the first key that has one; None when all of them may be tried."""
        with self._lock:
            found = (self._until.get(key) for key in keys)
            return next((rejection for until, rejection in filter(None, found) if until > self._clock()), None)
