"""Launches that nothing came of: whether to wait before the next, and how many to try."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.reaper import DIED
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, lacks_capacity
from scenequeue.backoff import doubled
from scenequeue.jobs.container import BROKEN, ContainerRecord
from scenequeue.reasons import Reason

#: After one round of launches that came to nothing; doubles with every further one, up to the longest.
INITIAL_PAUSE_S, MAX_PAUSE_S = 2.0, 60.0
#: So many in a row, and the next are launched one at a time. Of containers that fail at random, one in a hundred or so
#: (AWS users report 1 in 100 to 300), three in a row are as good as never seen.
_FEW = 3
#: One that has run for so long is no false start, even if its first item is not done yet.
_SETTLED_S = 60.0
#: What was launched before says nothing about now.
_REMEMBERED_S = 3600.0


class LaunchBackoff(NamedTuple):
    """A restriction of launches, learnt from the last ones."""

    #: Launch nothing for so long.
    pause_s: float = 0.0
    #: Launch at most so many; None: no matter how many.
    max_launches: int | None = None
    #: None without any restriction.
    why: Reason | None = None


def came_to_nothing(record: ContainerRecord) -> bool:
    """True for a launched container that ended without having worked.

    It never said hello, died before its first item, or found its own surroundings broken.

    One for which there was no room after all says nothing about the next, which goes elsewhere.
    """
    if not record.launched_ms or record.done or record.failed or lacks_capacity(EcsProblem("", record.exit_reason)):
        return False
    if record.state != "gone":
        return record.state == "failed"
    return not record.held and record.exit_reason.startswith((DIED, BROKEN))


def launch_backoff(ledger: Iterable[ContainerRecord], now_ms: int, image: str = "") -> LaunchBackoff:
    """Judge by the launches since the last one that worked.

    An image that cannot be pulled, or a program that ends at once, is accepted by the fleet again and again; without a pause
    every tick would launch as many as the plan asks for, and each would be paid for.

    Args:
        ledger: all containers, in any order.
        now_ms: Redis's clock.
        image: what is launched now; what became of another says nothing of it.
    """
    since_ms = now_ms - _REMEMBERED_S * 1000
    lately = (record for record in ledger if record.launched_ms and record.intended_ms > since_ms and record.image == image)
    launched = sorted(lately, key=lambda record: -record.intended_ms)
    vain: list[ContainerRecord] = []
    for record in launched:
        if came_to_nothing(record):
            vain.append(record)
        elif _has_worked(record, now_ms):
            break
    if not vain:
        return LaunchBackoff()
    # What was launched together is one attempt, however many they were.
    attempts = len({record.intended_ms for record in vain})
    pause_s = doubled(INITIAL_PAUSE_S, MAX_PAUSE_S, attempts)
    last = max(vain, key=lambda record: record.ended_ms)
    max_launches = 1 if len(vain) >= _FEW else None
    why = Reason(Code.STARTS_IN_VAIN, {"launches": len(vain), "problem": last.exit_reason or "no reason given"})
    left_s = max(0.0, pause_s - (now_ms - last.ended_ms) / 1000)
    return LaunchBackoff(left_s, max_launches, why)


def _has_worked(record: ContainerRecord, now_ms: int) -> bool:
    """Return False for a container that has only just started; it may still fail."""
    if record.done or record.failed:
        return True
    if record.state in {"gone", "failed"}:
        return bool(record.started_ms)
    return bool(record.started_ms) and now_ms - record.started_ms > _SETTLED_S * 1000


def apply_launch_backoff(made: Plan, backoff: LaunchBackoff, rejected: str = "") -> Plan:
    """Return the plan without its launches while a fleet is given time, and with one at most until it is known to work.

    Args:
        made: the plan.
        backoff: learnt from the last launches.
        rejected: the reason for which a fleet could start nothing, where it is too early to ask again; else "".
    """
    if not made.orders:
        return made
    # Without the seconds left, which would make another reason of it at every tick.
    if rejected or (backoff.pause_s and backoff.why):
        problem = rejected or backoff.why or ""
        return replace(made, orders=(), why=_further(made.why, Reason(Code.NOT_YET, {"problem": problem})))
    if backoff.max_launches is None or backoff.why is None:
        return made
    # Until the one that tries is known to work, no other does.
    orders = () if made.starting else made.orders[: backoff.max_launches]
    return replace(made, orders=orders, why=_further(made.why, Reason(Code.ONE_AT_A_TIME, {"problem": backoff.why})))


def _further(why: Reason, more: Reason) -> Reason:
    """Add to what a plan's launches follow from."""
    because = why.parameters.get("because", ())
    assert isinstance(because, tuple)
    return Reason(why.code, {**why.parameters, "because": (*because, more)})
