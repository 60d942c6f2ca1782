"""Restricts launches after false starts: the pause before the next ones, and their number."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.planner import Plan
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, lacks_capacity
from scenequeue.backoff import doubled
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Code as QueueCode, Reason

#: The pause after one round of false starts; doubles with every further round, up to the maximum.
INITIAL_PAUSE_S, MAX_PAUSE_S = 2.0, 60.0
#: After this many false starts in a row, launch one container at a time. Of containers that fail at random, about one in a
#: hundred (AWS users report 1 in 100 to 300), three in a row practically never occur.
_MAX_IN_A_ROW = 3
#: A container that has run for this long is no false start, even if its first item is not done yet.
_STARTED_S = 60.0
#: Older launches are ignored: they say nothing about the present.
_REMEMBERED_S = 3600.0
#: Reasons of containers that ended without saying goodbye, or by a fault of their own.
_DIED = frozenset({Code.CONTAINER_ENDED, Code.CONTAINER_ENDED_WITH_CODE, Code.CONTAINER_EXITED, QueueCode.CONTAINER_BROKEN})


class LaunchBackoff(NamedTuple):
    """A restriction of launches, learnt from the last ones."""

    #: Launch nothing for this long.
    pause_s: float = 0.0
    #: Launch at most this many; None for no limit.
    max_launches: int | None = None
    #: None if nothing is restricted.
    why: Reason | None = None


def is_false_start(record: ContainerRecord) -> bool:
    """Return True for a false start: a launched container that ended before it did any work.

    It never said hello, died before its first item, or found its own surroundings broken. A container that ended for lack of
    capacity is none: the next launch goes to another place.
    """
    if not record.launched_ms or record.done or record.failed:
        return False
    if record.why and lacks_capacity(EcsProblem("", record.why.plain())):
        return False
    if record.state != "gone":
        return record.state == "failed"
    return not record.held and record.code in _DIED


def false_starts_of(ledger: Iterable[ContainerRecord], now_ms: int, image: str = "") -> list[ContainerRecord]:
    """Return the false starts of the last hour since the last launch that worked, newest first; arguments as `launch_backoff`."""
    since_ms = now_ms - _REMEMBERED_S * 1000
    lately = (record for record in ledger if record.launched_ms and record.intended_ms > since_ms and record.image == image)
    launched = sorted(lately, key=lambda record: -record.intended_ms)
    false_starts: list[ContainerRecord] = []
    for record in launched:
        if is_false_start(record):
            false_starts.append(record)
        elif _has_worked(record, now_ms):
            break
    return false_starts


def launch_backoff(ledger: Iterable[ContainerRecord], now_ms: int, image: str = "") -> LaunchBackoff:
    """Restrict launches by the false starts since the last launch that worked.

    The fleet accepts an image that cannot be pulled, or a program that ends at once, again and again; without a pause every
    tick would launch all that the plan asks for, and each container would be paid for.

    Args:
        ledger: all containers, in any order.
        now_ms: Redis's clock.
        image: the current image; launches of another one are ignored.
    """
    false_starts = false_starts_of(ledger, now_ms, image)
    if not false_starts:
        return LaunchBackoff()
    # Containers that were launched together are one attempt.
    attempts = len({record.intended_ms for record in false_starts})
    pause_s = doubled(INITIAL_PAUSE_S, MAX_PAUSE_S, attempts)
    # The nearest to now, as ends may be in the future: Redis's clock can be set back.
    last = min(false_starts, key=lambda record: abs(now_ms - record.ended_ms))
    max_launches = 1 if len(false_starts) >= _MAX_IN_A_ROW else None
    why = Reason(Code.STARTS_IN_VAIN, {"launches": len(false_starts), "problem": last.why or Reason(Code.NO_REASON_GIVEN)})
    left_s = max(0.0, pause_s - abs(now_ms - last.ended_ms) / 1000)
    return LaunchBackoff(left_s, max_launches, why)


def _has_worked(record: ContainerRecord, now_ms: int) -> bool:
    """Return False for a container that has only just started; it may still fail."""
    if record.done or record.failed:
        return True
    if record.has_ended:
        return bool(record.started_ms)
    return bool(record.started_ms) and now_ms - record.started_ms > _STARTED_S * 1000


def apply_launch_backoff(made: Plan, backoff: LaunchBackoff, rejected: Reason | None = None) -> Plan:
    """Return the plan without launches during a pause, and with at most one until a container is known to work.

    Args:
        made: the plan.
        backoff: the restriction.
        rejected: the reason for which the fleet started nothing, while it is too early to ask again; else None.
    """
    if not made.orders:
        return made
    # Without the seconds left, which would change the reason at every tick.
    if problem := rejected or (backoff.why if backoff.pause_s else None):
        return replace(made, orders=(), why=_with_reason(made.why, Reason(Code.NOT_YET, {"problem": problem})))
    if backoff.max_launches is None or backoff.why is None:
        return made
    # Wait for the trial container before launching another.
    orders = () if made.starting else made.orders[: backoff.max_launches]
    return replace(made, orders=orders, why=_with_reason(made.why, Reason(Code.ONE_AT_A_TIME, {"problem": backoff.why})))


def _with_reason(why: Reason, more: Reason) -> Reason:
    """Append a reason to the explanation of a plan; to that inside, where it is one without the paused items."""
    inner = why.parameters.get("plan")
    if isinstance(inner, Reason):
        return why.with_parameters(plan=_with_reason(inner, more))
    because = why.parameters.get("because", ())
    assert isinstance(because, tuple)
    return Reason(why.code, {**why.parameters, "because": (*because, more)})
