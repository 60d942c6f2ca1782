"""A token bucket: calls at a sustained rate, with a burst after a pause, as AWS counts them."""

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Makes callers wait their turn. Thread-safe.

    Args:
        per_s: calls a second in the long run.
        burst: calls at once after a pause.
        clock: monotonic seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        per_s: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_s, self._burst, self._clock, self._sleep = per_s, burst, clock, sleep
        self._lock = threading.Lock()
        self._tokens = float(burst)
        self._at = clock()

    def take(self) -> None:
        """Wait until a call may be made; callers are served in the order in which they came."""
        with self._lock:
            self._refill()
            # Below zero stands for calls that wait already.
            self._tokens -= 1
            wait_s = -self._tokens / self._per_s
        if wait_s > 0:
            self._sleep(wait_s)

    def empty(self) -> None:
        """The other side says that we were too fast: count from nothing, as it does."""
        with self._lock:
            self._refill()
            self._tokens = min(self._tokens, 0.0)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
        self._at = now
