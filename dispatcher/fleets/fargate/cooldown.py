"""Remembers rejected requests for a fixed time, so that they are not repeated before it has passed."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from scenequeue.reasons import Reason


@dataclass(frozen=True)
class Rejection:
    """A rejected request's reason, and the kind of rejection."""

    reason: Reason
    #: False if the request has to be corrected first: repeating it would be rejected again.
    transient: bool = True
    #: True if AWS had no free machine of this kind there.
    lacks_capacity: bool = False


class Cooldown:
    """Rejections by a key that stands for the request, such as a region and a subnet. Thread-safe.

    Args:
        retry_s: seconds after which the same request may be made again.
        clock: monotonic seconds.
    """

    def __init__(self, retry_s: float, clock: Callable[[], float]) -> None:
        self._retry_s, self._clock = retry_s, clock
        self._until: dict[Hashable, tuple[float, Rejection]] = {}
        self._lock = threading.Lock()

    def add(self, key: Hashable, rejection: Rejection) -> Rejection:
        """Remember a rejection for `retry_s` from now on, and return it."""
        with self._lock:
            self._until[key] = (self._clock() + self._retry_s, rejection)
        return rejection

    def find(self, *keys: Hashable) -> Rejection | None:
        """Return the rejection that is remembered for the first of these keys that has one; None if all of them may be tried."""
        with self._lock:
            found = (self._until.get(key) for key in keys)
            return next((rejection for until, rejection in filter(None, found) if until > self._clock()), None)
