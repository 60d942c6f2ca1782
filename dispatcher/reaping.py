"""Acts on the verdicts of decisions/reaper.py: drains containers, stops them, and puts back their items."""

from collections.abc import Callable, Sequence

import structlog

from dispatcher.codes import Code
from dispatcher.decisions.reaper import Action, Verdict
from dispatcher.fleet import Fleet
from dispatcher.metrics.counters import Counters
from scenequeue.errors import DispatcherDeposed, FleetError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason


class Reaping:
    """Executes verdicts while this dispatcher is active.

    Args:
        queue: holds the ledger.
        fleet: stops the containers.
        counters: counts executed verdicts.
        acquire: renews the lock and returns our fencing number; None while another dispatcher is active.
    """

    def __init__(self, queue: SceneQueue, fleet: Fleet, counters: Counters, acquire: Callable[[], int | None]) -> None:
        self._queue, self._fleet, self._counters, self._acquire = queue, fleet, counters, acquire
        self._log = structlog.get_logger()

    def execute(
        self, fence: int, verdicts: Sequence[Verdict], ledger: Sequence[ContainerRecord], now_ms: int
    ) -> list[ContainerRecord]:
        """Execute every verdict; return the updated ledger.

        Raises:
            DispatcherDeposed: this dispatcher was delayed, and another is active now; no further verdict is executed.
        """
        left = {record.container_id: record for record in ledger}
        for verdict in verdicts:
            self._log.info("reaping", container=verdict.container_id, action=verdict.action.value, reason=verdict.reason)
            ended = self._execute(fence, verdict)
            if ended:
                self._counters.count_verdict(verdict)
            if record := left.get(verdict.container_id):
                left[record.container_id] = (
                    record.ended(record.why or ended, state=verdict.ends_as, ended_ms=now_ms)
                    if ended
                    else record.model_copy(update={"is_draining": True})
                )
        return list(left.values())

    def _execute(self, fence: int, verdict: Verdict) -> Reason | None:
        """Execute a verdict; return the reason if the container counts as ended now."""
        # Renew the lock right before, because a fleet knows no fencing; that also keeps the lock during many slow stops.
        if self._acquire() != fence:
            raise DispatcherDeposed(Code.VERDICTS_STALE)
        steer = self._queue.dispatcher
        if verdict.container_id:
            steer.drain(verdict.container_id, fence=fence)
        if verdict.action is Action.DRAIN:
            return None
        if verdict.action is Action.STOP and verdict.handle:
            try:
                self._fleet.stop(verdict.handle, verdict.reason)
            except FleetError as error:
                self._log.warning("could not stop a container", container=verdict.container_id, error=error)
                return None
        if verdict.container_id:
            lost = steer.forfeit(verdict.container_id, verdict.reason, fence=fence, is_blameless=verdict.is_blameless)
            # The last heartbeat may be older than the container's last lease, so the number of lost items may be news.
            reason = Reason(Code.LOST_AT_WORK, {"items": lost, "problem": verdict.reason}) if lost else verdict.reason
            steer.record_ended(verdict.container_id, verdict.ends_as, reason, fence=fence)
            return reason
        return verdict.reason
