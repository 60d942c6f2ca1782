"""Reads from the active dispatcher's plan what a submission needs: the reach of containers, and whether anybody starts some."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from producer.reach import Reach, working_folder
from scenequeue.jobs.job import JobStatus
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason

#: Seconds for which the plan is reused; the dispatcher's fleet and roots seldom change.
_PLAN_KEPT_S = 2.0
_log = logging.getLogger("sceneburst")


class DispatcherView:
    """The active dispatcher as a producer sees it.

    Args:
        queue: has the dispatcher's plan.
        inputs: URI prefix under which local files are uploaded; None leaves them in place.
    """

    def __init__(self, queue: SceneQueue, inputs: str | None) -> None:
        self._queue, self._inputs = queue, inputs
        self._plan: tuple[float, Mapping[str, Any]] | None = None

    def reach(self) -> Reach | None:
        """Return the reach of its containers; None if no dispatcher is active. The plan is at most two seconds old."""
        if self._plan is not None and time.monotonic() - self._plan[0] < _PLAN_KEPT_S:
            return Reach.of(self._plan[1], self._inputs, working_folder())
        found = self._queue.inspect.plan()
        self._plan = None if found is None else (time.monotonic(), found)
        return Reach.of(found, self._inputs, working_folder())

    def warnings(self, status: JobStatus) -> tuple[Reason, ...]:
        """Return a warning if no dispatcher is active, unless a container works on the job already."""
        reason = self._queue.inspect.waits_because(status) if self._plan is None else None
        if reason is None or reason.code != Code.NO_DISPATCHER:
            return ()
        _log.warning("job %s is enqueued, and waits: %s", status.job_id, reason.text)
        return (reason,)
