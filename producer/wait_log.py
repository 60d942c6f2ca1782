"""Logs the reason that a job waits, whenever it changes."""

import logging
import time
from collections.abc import Callable

from scenequeue.jobs.ids import JobId
from scenequeue.jobs.waiting_reason import PASSING
from scenequeue.reasons import Reason

_log = logging.getLogger("sceneburst")
#: Seconds after which a temporary reason is logged as a warning.
_LONG_S = 60.0


class WaitLog:
    """Logs the reason that one job waits: as a warning if somebody must act, else as an info, and as a warning after a minute.

    Args:
        job_id: the job.
        clock: monotonic seconds.
    """

    def __init__(self, job_id: JobId, clock: Callable[[], float] = time.monotonic) -> None:
        self._job_id, self._clock = job_id, clock
        self._code = ""
        self._since = 0.0
        self._is_warned = False

    def log_reason(self, reason: Reason | None) -> None:
        """Record the current reason that the job waits; None if it does not wait."""
        code = reason.code if reason else ""
        if code != self._code:
            self._code, self._since, self._is_warned = code, self._clock(), False
            if code in PASSING:
                _log.info("job %s waits: %s", self._job_id, reason.text if reason else "")
        is_due = code not in PASSING or self._clock() - self._since >= _LONG_S
        if reason and is_due and not self._is_warned:
            self._is_warned = True
            _log.warning("job %s waits: %s", self._job_id, reason.text)

    def log_unreachable(self, error: Exception) -> None:
        """Log once that the queue does not answer."""
        if self._code != "queue_unavailable":
            self._code, self._is_warned = "queue_unavailable", True
            _log.warning("job %s cannot be read; still waiting for it: %s", self._job_id, error)
