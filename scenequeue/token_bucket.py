"""A token bucket: calls at a sustained rate, with a burst after a pause, as AWS counts them."""

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Limits the rate of calls: `take` waits for its turn, `try_take` refuses. Thread-safe.

    Args:
        per_s: calls a second in the long run.
        burst: calls at once after a pause.
        clock: monotonic seconds.
        sleep: waits for a number of seconds.
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
        self._refilled_at = clock()

    def take(self) -> None:
        """Take a token, waiting until there is one; callers are served in the order of their calls."""
        with self._lock:
            self._refill()
            # A negative number counts the calls that are already waiting.
            self._tokens -= 1
            wait_s = -self._tokens / self._per_s
        if wait_s > 0:
            self._sleep(wait_s)

    def try_take(self) -> float:
        """Take a token if there is one and return 0; else take none, and return the seconds until there is one."""
        with self._lock:
            self._refill()
            if self._tokens < 1:
                return (1 - self._tokens) / self._per_s
            self._tokens -= 1
            return 0.0

    def empty(self) -> None:
        """Drop all tokens: the other side has throttled a call, so its own bucket is empty."""
        with self._lock:
            self._refill()
            self._tokens = min(self._tokens, 0.0)

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._refilled_at) * self._per_s)
        self._refilled_at = now
