"""Finds the reason that a job waits: a pure function of its status and the acting dispatcher's plan."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Counts, JobState, JobStatus
from scenequeue.jobs.need import need_in, split_need
from scenequeue.reasons import Code, Reason

#: A container whose last beat is older is not counted on: its lease would have expired.
_SILENT_AFTER_MS = 60_000
#: Reasons that are only a matter of time; for the others somebody has to act.
PASSING = frozenset({Code.ALL_AT_WORK, Code.ALL_DRAIN, Code.BUSY, Code.PLANNED, Code.RETRY_LATER, Code.STARTING})


class Surroundings(NamedTuple):
    """The state of the queue around a job that waits."""

    is_paused: bool
    #: The acting dispatcher's last plan; None where none has acted lately.
    plan: Mapping[str, Any] | None
    #: Needed only while no dispatcher acts: a worker that was started by hand works without one.
    containers: Sequence[ContainerRecord] = ()
    now_ms: int = 0
    #: Structures of the queue that this program looks at, newest first.
    structures: Sequence[int] = (2,)


def may_wait(status: JobStatus) -> bool:
    """True for an active job that has work left, none of which is being done."""
    return status.state is JobState.ACTIVE and stand_still(status.counts)


def stand_still(counts: Counts) -> bool:
    """True for items of which some wait, and none is being done."""
    return not counts.leased and bool(counts.ready or counts.delayed)


def why_waiting(status: JobStatus, around: Surroundings) -> Reason | None:
    """The reason that keeps all of a job from being worked on; None where it does not wait, or has only just come."""
    if not may_wait(status):
        return None
    return why_standing_still(status.counts, around, status.created_ms, status.ready_needs)


def why_standing_still(counts: Counts, around: Surroundings, since_ms: int = 0, needs: Sequence[str] = ()) -> Reason | None:
    """The reason that keeps all of some items from being worked on; None where they have only just come.

    Args:
        counts: of items of which none is being done.
        around: the state of the queue.
        since_ms: when they came (Redis clock).
        needs: of those that are ready, where that is known.
    """
    if around.is_paused:
        return Reason(Code.PAUSED)
    if not counts.ready:
        return Reason(Code.RETRY_LATER, {"items": counts.delayed})
    plan = around.plan
    if plan is None:
        busy = sum(_takes_work(record, around.now_ms) for record in around.containers)
        return Reason(Code.BUSY, {"containers": busy}) if busy else Reason(Code.NO_DISPATCHER)
    if unserved := _unserved(needs, plan, around.structures[0]):
        return unserved
    if isinstance(plan.get("waits_because"), Mapping):
        return Reason.from_json(plan["waits_because"])
    if plan["at_ms"] <= since_ms:
        return None
    for code, containers in ((Code.STARTING, plan.get("starting")), (Code.BUSY, plan.get("running"))):
        if isinstance(containers, int) and containers:
            return Reason(code, {"containers": containers})
    return Reason(Code.PLANNED, {"why": plan["why"]})


def _unserved(needs: Sequence[str], plan: Mapping[str, Any], newest: int) -> Reason | None:
    """The first need's reason, where none of them is served by what the dispatcher can launch, or seen by the dispatcher."""
    alarms = {str(alarm.parameters.get("need")): alarm for alarm in map(Reason.from_json, _listed(plan, "alarms"))}
    # A dispatcher that does not say so looks at 2 alone.
    structures = _listed(plan, "structures") or [2]
    found = [_alarm(*split_need(need, newest), alarms, structures) for need in needs]
    return found[0] if all(found) and found else None


def _alarm(need: str, structure: int, alarms: Mapping[str, Reason], structures: Sequence[Any]) -> Reason | None:
    if structure not in structures:
        return Reason(Code.OLDER_DISPATCHER, {"structure": structure})
    return alarms.get(need_in(need, structure, structures[0]))


def _listed(plan: Mapping[str, Any], name: str) -> list[Any]:
    given = plan.get(name)
    return given if isinstance(given, list) else []


def _takes_work(record: ContainerRecord, now_ms: int) -> bool:
    return record.state == "running" and not record.is_draining and now_ms - record.beat_ms <= _SILENT_AFTER_MS
