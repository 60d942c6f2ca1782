"""Finds the reason that a job waits: a pure function of its status and the active dispatcher's plan."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Counts, JobState, JobStatus, Pause
from scenequeue.jobs.need import need_in, split_need
from scenequeue.reasons import Code, Reason

#: A container whose last heartbeat is older does not count: its lease would have expired.
_SILENT_AFTER_MS = 60_000
#: Reasons that are temporary; for all others somebody must act.
PASSING = frozenset({Code.ALL_AT_WORK, Code.ALL_DRAIN, Code.BUSY, Code.PLANNED, Code.RETRY_LATER, Code.STARTING})


class Surroundings(NamedTuple):
    """The state of the queue around a waiting job."""

    #: Pauses of everything and of lanes.
    pauses: Sequence[Pause]
    #: The active dispatcher's last plan; None if no dispatcher was active recently.
    plan: Mapping[str, Any] | None
    #: Needed only without an active dispatcher: workers that were started by hand work without one.
    containers: Sequence[ContainerRecord] = ()
    now_ms: int = 0
    #: Structures of the queue that this program looks at, newest first.
    structures: Sequence[int] = (2,)


def may_wait(status: JobStatus) -> bool:
    """Return True for an active job with work left, if none of it is being done."""
    return status.state is JobState.ACTIVE and stand_still(status.counts)


def stand_still(counts: Counts) -> bool:
    """Return True if some items wait, and none is being worked on."""
    return not counts.leased and bool(counts.ready or counts.delayed)


def why_waiting(status: JobStatus, around: Surroundings) -> Reason | None:
    """Return the reason that nothing of a job is worked on; None if it does not wait, or was submitted just now."""
    if not may_wait(status):
        return None
    of_lane = (pause for pause in around.pauses if pause.about == f"lane={status.lane.value}")
    held_by = status.pause or next(of_lane, None)
    return why_standing_still(status.counts, around, status.created_ms, status.ready_needs, held_by)


def pause_reason(pause: Pause) -> Reason:
    """Return a pause as a reason that something waits."""
    kind, _, name = pause.about.partition("=")
    if not (pause.by or pause.why or kind):
        return Reason(Code.PAUSED)
    told = Reason(Code.PAUSE_BY, {"by": pause.by, "since_ms": pause.since_ms})
    if not pause.by:
        told = Reason(Code.PAUSE_SINCE, {"since_ms": pause.since_ms})
    if pause.why:
        told = Reason(Code.PAUSE_BECAUSE, {"pause": told, "why": pause.why})
    if kind == "lane":
        return Reason(Code.LANE_PAUSED, {"lane": name, "pause": told})
    return Reason(Code.JOB_PAUSED, {"job_id": name, "pause": told}) if kind else Reason(Code.QUEUE_PAUSED, {"pause": told})


def why_standing_still(
    counts: Counts, around: Surroundings, since_ms: int = 0, needs: Sequence[str] = (), held_by: Pause | None = None
) -> Reason | None:
    """Return the reason that none of some items is worked on; None if they arrived just now.

    Args:
        counts: counts of the items, of which none is being worked on.
        around: the state of the queue.
        since_ms: time of their arrival (Redis clock).
        needs: needs of the ready ones, if known.
        held_by: a pause that none of the ready ones is exempt from; None if there is none but that of everything.
    """
    if pause := next((each for each in around.pauses if not each.about), held_by):
        return pause_reason(pause)
    if not counts.ready:
        return Reason(Code.RETRY_LATER, {"items": counts.delayed})
    plan = around.plan
    if plan is None:
        busy = sum(_takes_work(record, around.now_ms) for record in around.containers)
        return Reason(Code.BUSY, {"containers": busy}) if busy else Reason(Code.NO_DISPATCHER)
    if unserved := _unserved(needs, plan, around.structures[0]):
        return unserved
    # An alarm is about the needs of other jobs where a container can serve one of these.
    if isinstance(told := plan.get("waits_because"), Mapping) and not (needs and told in _listed(plan, "alarms")):
        return Reason.from_json(told)
    if plan["at_ms"] <= since_ms:
        return None
    for code, containers in ((Code.STARTING, plan.get("starting")), (Code.BUSY, plan.get("running"))):
        if isinstance(containers, int) and containers:
            return Reason(code, {"containers": containers})
    return Reason(Code.PLANNED, {"why": plan["why"]})


def _unserved(needs: Sequence[str], plan: Mapping[str, Any], newest: int) -> Reason | None:
    """Return the reason that the dispatcher can serve none of the needs, which is that of the first; None if it can serve one.

    None also without any need.
    """
    alarms = {str(alarm.parameters.get("need")): alarm for alarm in map(Reason.from_json, _listed(plan, "alarms"))}
    # A dispatcher of a version that does not publish its structures serves only 2.
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
