"""Remembers requests that were made in vain a moment ago, and are not made again for a while."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Setback:
    """The reason that a request was in vain, and the chance that a later one is not."""

    reason: str
    transient: bool = True
    lacks_capacity: bool = False


class Avoided:
    """Remembers setbacks until their time is over. Thread-safe.

    Args:
        retry_s: after so many seconds one is asked again.
        clock: monotonic seconds.
    """

    def __init__(self, retry_s: float, clock: Callable[[], float]) -> None:
        self._retry_s, self._clock = retry_s, clock
        self._until: dict[Hashable, tuple[float, Setback]] = {}
        self._lock = threading.Lock()

    def add(self, key: Hashable, reason: str, *, transient: bool = True, lacks_capacity: bool = False) -> Setback:
        """Avoid it from now on; returns the setback."""
        setback = Setback(reason, transient, lacks_capacity)
        with self._lock:
            self._until[key] = (self._clock() + self._retry_s, setback)
        return setback

    def why(self, *keys: Hashable) -> Setback | None:
        """Return the reason for which the first of these that is avoided is so; None when all may be asked."""
        with self._lock:
            found = (self._until.get(key) for key in keys)
            return next((setback for until, setback in filter(None, found) if until > self._clock()), None)
