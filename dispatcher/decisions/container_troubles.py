"""Finds launches that are refused, and containers that start in vain, are lost or are silent: pure functions of the ledger."""

import re
from collections.abc import Callable, Iterable, Sequence

from dispatcher.codes import Code
from dispatcher.decisions.launch_backoff import false_starts_of, is_false_start
from scenequeue.jobs.container import ContainerRecord
from scenequeue.published.facts import ContainerTrouble, SilentContainer
from scenequeue.reasons import Code as QueueCode, Reason

#: Older refusals and losses say nothing about the present.
_REMEMBERED_MS = 3_600_000
#: The newest of the containers of a trouble that are named.
_NAMED = 5
#: A fleet's own names of an error, which stand before its message: "TaskFailedToStart: CannotPullContainerError: …".
_OWN_NAMES = re.compile(r"(?:[A-Za-z][\w.:-]*(?:: |$))+")
#: Reasons of containers that ended without saying goodbye.
_LOST = frozenset(
    {
        *(Code.CONTAINER_ENDED, Code.CONTAINER_ENDED_WITH_CODE, Code.CONTAINER_EXITED, Code.LOST_AT_WORK, Code.NEVER_REPORTED),
        *(Code.OUT_OF_MEMORY, Code.SILENT, QueueCode.CONTAINER_BROKEN),
    }
)


def refusals(
    ledger: Iterable[ContainerRecord], unanswered: Reason | None, now_ms: int, next_ms: int | None
) -> tuple[ContainerTrouble, ...]:
    """Return the launches that the fleet refused, from the last try back to the last one without a refusal.

    Args:
        ledger: all containers, in any order.
        unanswered: the error of the last try if the fleet did not answer it, so that it is unknown which containers started.
        now_ms: Redis's clock.
        next_ms: time of the next try; None if none is due.
    """
    # Containers that are launched together have the same time.
    tries: dict[int, list[ContainerRecord]] = {}
    for record in ledger:
        if record.intended_ms and (record.launched_ms or is_refused(record) or record.state == "intended"):
            tries.setdefault(record.intended_ms, []).append(record)
    # The nearest to now first, as launches may be in the future: Redis's clock can be set back.
    times = sorted(tries, key=lambda at_ms: abs(now_ms - at_ms))
    refused: list[tuple[ContainerRecord, Reason]] = []
    for place, at_ms in enumerate(times):
        found = [(record, record.why) for record in tries[at_ms] if is_refused(record) and record.why]
        if not found and not place and unanswered:
            found = [(record, unanswered) for record in tries[at_ms]]
        if not found:
            break
        refused += found
    return _grouped(refused, lambda record: record.intended_ms, now_ms, next_ms)


def is_refused(record: ContainerRecord) -> bool:
    """Return True for a container that the fleet did not accept."""
    return record.state == "failed" and not record.launched_ms and record.code != Code.NEVER_REPORTED


def starts_in_vain(
    ledger: Iterable[ContainerRecord], now_ms: int, image: str, next_ms: int | None
) -> tuple[ContainerTrouble, ...]:
    """Return the containers of the last hour that never came up or ended before any work, since one of this image worked."""
    found = [(record, record.why or Reason(Code.NO_REASON_GIVEN)) for record in false_starts_of(ledger, now_ms, image)]
    return _grouped(found, lambda record: record.ended_ms, now_ms, next_ms)


def losses(ledger: Iterable[ContainerRecord], now_ms: int) -> tuple[ContainerTrouble, ...]:
    """Return the containers that came up, and were lost in the last hour."""
    found = [
        (record, record.why)
        for record in ledger
        if record.state == "gone" and record.why and record.code in _LOST and not is_false_start(record)
        and abs(now_ms - record.ended_ms) <= _REMEMBERED_MS
    ]  # fmt: skip
    return _grouped(found, lambda record: record.ended_ms, now_ms, None)


def silent_containers(ledger: Iterable[ContainerRecord], now_ms: int, silent_after_s: float) -> tuple[SilentContainer, ...]:
    """Return the running containers without a heartbeat for half of the time after which they are given up, the longest first."""
    silent = (
        SilentContainer(record.container_id, record.beat_ms, record.held)
        for record in ledger
        if record.state in {"running", "draining"} and record.beat_ms and now_ms - record.beat_ms > silent_after_s * 500
    )
    return tuple(sorted(silent, key=lambda each: each.since_ms))


def name_of_error(problem: Reason) -> str:
    """Return the fleet's own name of an error, such as "RESOURCE:FARGATE"; the code of the innermost reason if it has none."""
    inner, text = _innermost(problem)
    if names := _OWN_NAMES.match(text):
        name = names.group().removesuffix(": ").rpartition(": ")[2]
        # Other words with a colon begin a sentence.
        if name != name.lower():
            return name
    return str(inner.code)


def place_of_error(problem: Reason) -> str:
    """Return the place that an error is about, such as "FARGATE_SPOT eu-central-1"; "" if it names none."""
    found: dict[str, str] = {}
    reason: Reason | None = problem
    while reason:
        found |= {name: str(value) for name, value in reason.parameters.items() if name in {"provider", "region"}}
        reason = _next(reason)
    return " ".join(found[name] for name in ("provider", "region") if found.get(name))


def _next(reason: Reason) -> Reason | None:
    """Return the reason inside another one; of several the first."""
    several = reason.parameters.get("reasons")
    inner = several[0] if isinstance(several, tuple) and several else reason.parameters.get("problem")
    return inner if isinstance(inner, Reason) else None


def _innermost(problem: Reason) -> tuple[Reason, str]:
    """Return the innermost reason, and the text that it wraps; "" if it wraps none."""
    while inner := _next(problem):
        problem = inner
    text = problem.parameters.get("text") if problem.code == QueueCode.OTHER else problem.parameters.get("problem")
    return problem, text if isinstance(text, str) else ""


def _grouped(
    found: Sequence[tuple[ContainerRecord, Reason]],
    time_of: Callable[[ContainerRecord], int],
    now_ms: int,
    next_ms: int | None,
) -> tuple[ContainerTrouble, ...]:
    """Group containers by the name and the place of their errors; most containers first."""
    groups: dict[tuple[str, str], list[tuple[ContainerRecord, Reason]]] = {}
    for record, problem in found:
        place = place_of_error(problem) or (record.region if record.launched_ms else "")
        groups.setdefault((name_of_error(problem), place), []).append((record, problem))
    troubles = []
    for (name, place), group in groups.items():
        newest = sorted(group, key=lambda each: -time_of(each[0]))
        times = [time_of(record) for record, _ in newest]
        troubles.append(
            ContainerTrouble(
                name=name,
                problem=newest[0][1],
                place=place,
                last_hour=sum(abs(now_ms - at_ms) <= _REMEMBERED_MS for at_ms in times),
                since_ms=times[-1],
                last_ms=times[0],
                next_ms=next_ms,
                containers=tuple(record.container_id for record, _ in newest[:_NAMED]),
            )
        )
    return tuple(sorted(troubles, key=lambda each: (-each.last_hour, each.name, each.place)))
