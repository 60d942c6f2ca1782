"""Drains a container: the reason to leave, and the time that running items still have."""

import signal
import threading
import time
from enum import StrEnum
from types import FrameType

from container_worker.codes import Code
from container_worker.exit_codes import Exit
from container_worker.in_flight import InFlightItems, Phase
from scenequeue.errors import reason_for
from scenequeue.reasons import Reason

#: Seconds that items stopped after the grace period have to hand themselves back; afterwards they are abandoned.
#: Together with the default grace of 100 s this stays below the 120 s that Spot gives.
LAST_CALL_S = 5.0


class Drain:
    """A request to leave. Only the first reason counts; asking twice is safe.

    Args:
        grace_s: seconds that running items may go on afterwards.
    """

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._since: float | None = None
        self.exit = Exit.IDLE
        self.reason: Reason | None = None

    @property
    def is_asked(self) -> bool:
        return self._since is not None

    @property
    def is_over(self) -> bool:
        """Return True if the grace period has passed."""
        return self._asked_for_s() >= self._grace_s

    @property
    def is_overdue(self) -> bool:
        """Return True if stopped items have not ended in time."""
        return self._asked_for_s() >= self._grace_s + LAST_CALL_S

    def ask(self, reason: StrEnum | Reason | str, code: Exit) -> None:
        """Ask the container to leave as soon as everything is finished or handed back."""
        # A signal handler may interrupt the holder of the lock in the same thread; waiting for it would deadlock.
        if self._lock.acquire(blocking=False):
            try:
                if self._since is None:
                    # Set the time last: a thread that sees it also sees the reason.
                    self.reason, self.exit = reason_for(reason), code
                    self._since = time.monotonic()
            finally:
                self._lock.release()

    def advance(self, in_flight: InFlightItems) -> None:
        """Stop items that have not begun, and all items after the grace period; stopped items hand themselves back."""
        for item in in_flight.all():
            if self.is_over or item.phase is Phase.PREPARING:
                item.stop.set()

    def _asked_for_s(self) -> float:
        return 0.0 if self._since is None else time.monotonic() - self._since


def listen_for_signals(drain: Drain) -> None:
    """Drain on SIGTERM or SIGINT; leave at once on a second SIGINT (exit code 130). Main thread only."""
    interrupted = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if number == signal.SIGINT:
            if interrupted:
                raise KeyboardInterrupt
            interrupted = True
        drain.ask(Reason(Code.ASKED_TO_STOP, {"signal": signal.Signals(number).name}), Exit.DRAINED)

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
