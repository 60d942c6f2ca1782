"""Troubles of the programs beside the containers: no dispatcher, and receivers that accept no callbacks."""

from collections.abc import Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.rules.containers import SILENT_MS
from sceneburst.overview.rules.remedies import brief
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Reason


def missing_dispatcher(facts: QueueFacts) -> Iterator[Trouble]:
    """Find out whether no dispatcher acts: it has resigned, or its lock has ended."""
    if facts.has_dispatcher:
        return
    items = facts.depth.counts.ready
    is_stopped = items > 0 and not any(_takes_work(record, facts.at_ms) for record in facts.containers)
    acting = Reason(Code.NO_DISPATCHER_ACTS, {"items": items}) if is_stopped else Reason(Code.NO_DISPATCHER_NOTICED)
    plan_ms = (facts.plan or {}).get("at_ms")
    yield Trouble(
        key="no_dispatcher",
        severity=Severity.STOPS if is_stopped else Severity.THREATENS,
        title=Reason(Code.TITLE_NO_DISPATCHER),
        problem=acting,
        remedy=Reason(Code.DO_START_DISPATCHER),
        amount=items or None,
        since_ms=plan_ms if isinstance(plan_ms, int) and plan_ms else None,
        acts=(Act.SEE_DOCTOR,),
    )


def _takes_work(record: ContainerRecord, now_ms: int) -> bool:
    return record.state == "running" and not record.is_draining and now_ms - record.beat_ms <= SILENT_MS


def failing_callbacks(facts: QueueFacts) -> Iterator[Trouble]:
    """Find receivers that do not accept callbacks."""
    for receiver in facts.receivers:
        yield Trouble(
            key=f"callbacks host={receiver.host}",
            severity=Severity.FAILS,
            title=Reason(Code.TITLE_CALLBACKS, {"jobs": receiver.jobs}),
            problem=Reason(Code.CALLBACKS_FAIL, {"host": receiver.host, "problem": brief(receiver.problem)}),
            remedy=Reason(Code.DO_MEND_RECEIVER),
            amount=receiver.jobs,
            since_ms=receiver.since_ms or None,
            next_ms=receiver.next_ms or None,
            target={"host": receiver.host},
        )
