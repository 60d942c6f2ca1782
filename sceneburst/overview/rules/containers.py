"""Troubles of containers: silent and lost ones, and items that are stuck in one."""

from collections import defaultdict
from collections.abc import Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.rules.remedies import brief
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.published.facts import SilentContainer
from scenequeue.reasons import Parameter, Reason

#: A container without a heartbeat for so long takes no work: its leases would have expired.
SILENT_MS = 60_000
#: A job ends containers if so many were lost with its items in work.
_LOST_WITH_JOB = 2
_HOUR_MS = 3_600_000


def silent_containers(facts: QueueFacts) -> Iterator[Trouble]:
    """Find containers that should report, and do not; without a dispatcher nobody gives them up."""
    silent = {each.container_id: each for each in facts.published.silent}
    for record in facts.containers:
        # Of the newest ones also those that an absent dispatcher does not tell of.
        is_silent = record.state in {"running", "draining"} and record.beat_ms and facts.at_ms - record.beat_ms > SILENT_MS
        if is_silent and record.container_id not in silent:
            silent[record.container_id] = SilentContainer(record.container_id, record.beat_ms, record.held)
    if not silent:
        return
    longest = min(silent.values(), key=lambda each: (each.since_ms, each.container_id))
    said: dict[str, Parameter] = {"container_id": longest.container_id, "silent_s": max(0, facts.at_ms - longest.since_ms) / 1000}
    one = Reason(Code.SILENT_CONTAINER, {**said, "items": longest.held})
    yield Trouble(
        key="silent",
        severity=Severity.FAILS if any(each.held for each in silent.values()) else Severity.THREATENS,
        title=Reason(Code.TITLE_SILENT, {"containers": len(silent)}),
        problem=one if len(silent) == 1 else Reason(Code.SILENT_CONTAINERS, {**said, "containers": len(silent)}),
        remedy=Reason(Code.DO_WAIT_OR_LOOK),
        amount=len(silent),
        since_ms=longest.since_ms,
        acts=(Act.SEE_CONTAINERS,),
        target={"container": longest.container_id},
    )


def stuck_items(facts: QueueFacts) -> Iterator[Trouble]:
    """Find items that take far too long."""
    if not facts.stuck_items:
        return
    first = facts.stuck_items[0]
    work_s = max(0, facts.at_ms - first.begun_ms) / 1000
    said: dict[str, Parameter] = {
        "name": first.name,
        "job_id": first.job_id,
        "container_id": first.container_id,
        "work_s": work_s,
    }
    problem = Reason(Code.STUCK_ITEM_UNMEASURED, said)
    if first.usual_s is not None:
        problem = Reason(Code.STUCK_ITEM, {**said, "usual_s": first.usual_s})
    yield Trouble(
        key="stuck",
        severity=Severity.FAILS,
        title=Reason(Code.TITLE_STUCK, {"items": len(facts.stuck_items)}),
        problem=problem,
        remedy=Reason(Code.DO_STOP_CONTAINER, {"container_id": first.container_id}),
        amount=len(facts.stuck_items),
        since_ms=first.begun_ms,
        acts=(Act.SEE_CONTAINERS, Act.SEE_JOB),
        target={"container": first.container_id, "job": first.job_id},
    )


def lost_containers(facts: QueueFacts) -> Iterator[Trouble]:
    """Find containers that were lost at work; those with items of one job in work are the job's trouble."""
    names = {name for each in facts.published.lost for name in each.containers}
    jobs: dict[str, list[ContainerRecord]] = defaultdict(list)
    for record in facts.containers:
        is_recent = record.has_ended and facts.at_ms - record.ended_ms < _HOUR_MS
        if is_recent and (record.container_id in names or record.state == "failed") and record.started_ms:
            for job_id in {key.partition("/")[0] for key in record.progress}:
                jobs[job_id].append(record)
    ended: set[ContainerId] = set()
    for job_id, records in sorted(jobs.items()):
        if len(records) < _LOST_WITH_JOB:
            continue
        ended.update(record.container_id for record in records)
        last = max(records, key=lambda record: (record.ended_ms, record.container_id))
        problem = last.why or Reason(Code.NO_REASON_KNOWN)
        yield Trouble(
            key=f"kills job={job_id}",
            severity=Severity.FAILS,
            title=Reason(Code.TITLE_JOB_KILLS, {"job_id": job_id}),
            problem=Reason(Code.JOB_KILLS, {"containers": len(records), "problem": brief(problem)}),
            remedy=Reason(Code.DO_CANCEL_OR_MEND, {"container_id": last.container_id}),
            amount=len(records),
            since_ms=min(record.ended_ms for record in records),
            acts=(Act.SEE_JOB, Act.PAUSE_JOB, Act.CANCEL_JOB),
            target={"job": job_id, "container": last.container_id},
        )
    for each in facts.published.lost:
        if each.containers and set(each.containers) <= ended:
            continue
        newest = each.containers[0] if each.containers else ""
        remedy = Reason(Code.DO_LOOK_AT_LOG, {"container_id": newest}) if newest else Reason(Code.DO_CORRECT_FLEET)
        yield Trouble(
            key=f"lost name={each.name} place={each.place}",
            severity=Severity.THREATENS,
            title=Reason(Code.TITLE_LOST, {"containers": each.last_hour}),
            problem=Reason(Code.LOST_CONTAINERS, {"containers": each.last_hour, "problem": brief(each.problem)}),
            remedy=remedy,
            amount=each.last_hour,
            since_ms=each.since_ms or None,
            acts=(Act.SEE_CONTAINERS,),
            target={"container": newest} if newest else {},
        )
