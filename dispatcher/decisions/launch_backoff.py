"""Launches that nothing came of: whether to wait before the next, and how many to try."""

from collections.abc import Iterable
from typing import NamedTuple

from dispatcher.decisions.reaper import DIED
from dispatcher.fleets.fargate.ecs_errors import EcsProblem, is_capacity
from scenequeue.backoff import doubled
from scenequeue.counted import Number
from scenequeue.jobs.container import BROKEN, ContainerRecord

#: After one round of launches that came to nothing; doubles with every further one, up to the longest.
_INITIAL_PAUSE_S, _MAX_PAUSE_S = 2.0, 60.0
#: So many in a row, and the next are launched one at a time. Of containers that fail at random, one in a hundred or so
#: (AWS users report 1 in 100 to 300), three in a row are as good as never seen.
_FEW = 3
#: One that has run for so long is no false start, even if its first item is not done yet.
_SETTLED_S = 60.0
#: Rounds of containers that could do nothing of what waits, and the pause from then on: only another image, or another job,
#: will change that.
_UNSERVED_ROUNDS, _UNSERVED_PAUSE_S = 2, 600.0

#: What was launched before says nothing about now.
_REMEMBERED_S = 3600.0


class Caution(NamedTuple):
    """A restriction of launches, learnt from the last ones."""

    #: Launch nothing for so long.
    pause_s: float = 0.0
    #: Launch at most so many; None: no matter how many.
    most: int | None = None
    #: In words; "" without any caution.
    why: str = ""


def came_to_nothing(record: ContainerRecord) -> bool:
    """True for a launched container that ended without having worked.

    It never said hello, died before its first item, found its own surroundings broken, or could do nothing of what waits.

    One for which there was no room after all says nothing about the next, which goes elsewhere.
    """
    if not record.launched_ms or record.done or record.failed or is_capacity(EcsProblem("", record.exit_reason)):
        return False
    if record.state != "gone":
        return record.state == "failed"
    return bool(record.unserved) or (not record.held and record.exit_reason.startswith((DIED, BROKEN)))


def caution(ledger: Iterable[ContainerRecord], now_ms: int, newest_job_ms: int = 0) -> Caution:
    """Judge by the launches since the last one that worked.

    An image that cannot be pulled, or a program that ends at once, is accepted by the fleet again and again; without a pause
    every tick would launch as many as the plan asks for, and each would be paid for.

    Args:
        ledger: all containers, in any order.
        now_ms: Redis's clock.
        newest_job_ms: when the last job was submitted; containers may be able to do that one.
    """
    lately = (record for record in ledger if record.launched_ms and now_ms - record.intended_ms < _REMEMBERED_S * 1000)
    launched = sorted(lately, key=lambda record: -record.intended_ms)
    vain: list[ContainerRecord] = []
    for record in launched:
        if came_to_nothing(record):
            vain.append(record)
        elif _has_worked(record, now_ms):
            break
    if not vain:
        return Caution()
    # What was launched together is one attempt, however many they were.
    attempts = len({record.intended_ms for record in vain})
    pause_s = doubled(_INITIAL_PAUSE_S, _MAX_PAUSE_S, attempts)
    last = max(vain, key=lambda record: record.ended_ms)
    most = 1 if len(vain) >= _FEW else None
    problem = last.exit_reason or "no reason given"
    if last.unserved:
        most = 1
        rounds = len({record.intended_ms for record in vain if record.unserved})
        if rounds >= _UNSERVED_ROUNDS and newest_job_ms <= last.ended_ms:
            pause_s = _UNSERVED_PAUSE_S
        problem = f"it could do nothing of what waits, {last.unserved}: is its image too old?"
    left_s = max(0.0, pause_s - (now_ms - last.ended_ms) / 1000)
    return Caution(left_s, most, f"the last {Number(len(vain)):launch|# launches} came to nothing ({problem})")


def _has_worked(record: ContainerRecord, now_ms: int) -> bool:
    """Not so one that has only just begun: it may still turn out to be a false start."""
    if record.done or record.failed:
        return True
    if record.unserved:
        return False
    if record.state in {"gone", "failed"}:
        return bool(record.started_ms)
    return bool(record.started_ms) and now_ms - record.started_ms > _SETTLED_S * 1000
