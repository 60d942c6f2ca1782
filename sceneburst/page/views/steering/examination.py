"""Runs `doctor` beside the page: one run at a time, at most one a minute, never waited for."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from sceneburst.local.checks.finding import Check

#: Seconds from the begin of a run to that of the next.
_PAUSE_S = 60.0


class Findings(NamedTuple):
    """The state of the checks."""

    #: Of the last run that ended; None before the first.
    checks: Sequence[Check] | None
    #: Unix time of its end.
    at_ms: int
    is_running: bool
    #: Seconds until another run may begin.
    wait_s: float


class Examination:
    """The last findings, and the run that makes the next.

    Args:
        examine: makes the findings; it may take long, as it calls AWS.
        clock: monotonic seconds.
    """

    def __init__(self, examine: Callable[[], Sequence[Check]], clock: Callable[[], float] = time.monotonic) -> None:
        self._examine, self._clock = examine, clock
        self._lock = threading.Lock()
        self._checks: Sequence[Check] | None = None
        self._at_ms = 0
        self._began_s: float | None = None
        self._is_running = False

    def begin(self) -> bool:
        """Begin a run in a thread; returns False if one is under way or began less than a minute ago."""
        with self._lock:
            if self._is_running or self._wait_s() > 0:
                return False
            self._is_running, self._began_s = True, self._clock()
        threading.Thread(target=self._run, name="checks", daemon=True).start()
        return True

    def findings(self) -> Findings:
        """Return the present state."""
        with self._lock:
            return Findings(self._checks, self._at_ms, self._is_running, self._wait_s())

    def _wait_s(self) -> float:
        return 0.0 if self._began_s is None else max(0.0, self._began_s + _PAUSE_S - self._clock())

    def _run(self) -> None:
        found: Sequence[Check] | None = None
        try:
            found = self._examine()
        except Exception:
            # The thread has nobody who would catch it; the view goes on to show the findings before.
            structlog.get_logger().exception("the checks failed")
        with self._lock:
            self._is_running = False
            if found is not None:
                self._checks, self._at_ms = found, int(time.time() * 1000)
