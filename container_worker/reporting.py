"""Repeats reports to the queue until Redis accepts them."""

import threading
from collections.abc import Callable
from typing import TypeVar

from container_worker.codes import Code
from container_worker.sandbox.child import Stopped
from scenequeue.backoff import Backoff
from scenequeue.errors import QueueUnavailable

T = TypeVar("T")

INITIAL_BACKOFF_S = 0.2
MAX_BACKOFF_S = 5.0


class Reports:
    """Repeats calls until Redis answers. Thread-safe.

    Args:
        silence_s: returns the seconds for which Redis has not answered.
        patience_s: seconds of silence after which a report is given up; its item comes back when its lease expires.
    """

    def __init__(self, silence_s: Callable[[], float], patience_s: float) -> None:
        self._silence_s, self._patience_s = silence_s, patience_s
        self._pending = 0
        self._lock = threading.Lock()
        self._given_up = threading.Event()

    @property
    def are_pending(self) -> bool:
        """Return True while a report is not accepted; nothing should be leased meanwhile."""
        with self._lock:
            return self._pending > 0

    def give_up(self) -> None:
        """Stop repeating; safe twice."""
        self._given_up.set()

    def deliver(self, call: Callable[[], T], stop: threading.Event | None = None) -> T:
        """Make a call that is safe to repeat; on QueueUnavailable repeat it after 0.2 s, doubling to 5 s, with half as jitter.

        Args:
            call: the report.
            stop: once set, the call is not repeated.

        Raises:
            QueueUnavailable: Redis did not answer for longer than the patience.
            Stopped: `stop` was set while Redis did not answer.
        """
        with self._lock:
            self._pending += 1
        try:
            backoff = Backoff(INITIAL_BACKOFF_S, MAX_BACKOFF_S)
            while True:
                try:
                    return call()
                except QueueUnavailable:
                    if self._silence_s() > self._patience_s or self._given_up.wait(backoff.next_s()):
                        raise
                    if stop is not None and stop.is_set():
                        raise Stopped(Code.REDIS_SILENT_STOPPED) from None
        finally:
            with self._lock:
                self._pending -= 1
