"""Estimates when the queue is done, and how long a container takes to start: pure functions of what has been measured."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from dispatcher.codes import Code
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.presence import is_capacity
from scenequeue.jobs.container import ContainerRecord
from scenequeue.ports.item_listing import LeasedItem

#: The start-up time is that of the last containers, so many at most.
_STARTS = 20


def start_up_s(ledger: Iterable[ContainerRecord], image: str) -> float | None:
    """Return the median time from a launch to the first report, of the last containers of this image; None before the first."""
    started = [each for each in ledger if each.launched_ms and each.started_ms and each.intended_ms and each.image == image]
    newest = sorted(started, key=lambda each: -each.intended_ms)[:_STARTS]
    taken_ms = [max(0, each.started_ms - each.intended_ms) for each in newest]
    return round(median(taken_ms) / 1000, 1) if taken_ms else None


def done_at_ms(
    made: Plan,
    rates: Mapping[str, float],
    leased: Sequence[LeasedItem],
    containers: Iterable[ContainerRecord],
    now_ms: int,
    *,
    start_s: float,
    hello_timeout_s: float,
) -> int | None:
    """Return the time at which all items are done that are ready or leased; None if unknown.

    It is unknown while the queue is paused, without containers, for a need without a measured rate, and for one that nothing
    serves. Later stages, retries, and containers that are yet to be launched are not counted.

    Args:
        made: the plan, which has the work of the ready items.
        rates: need -> measured processing seconds per unit of weight on one slot.
        leased: the leased items; without them those of the ready items are counted alone.
        containers: the ledger, with what has just been launched.
        now_ms: Redis's clock.
        start_s: time that a container takes to start.
        hello_timeout_s: a launch that has not said hello for this long has failed.
    """
    waiting = [need for need in made.needs if need.ready]
    if made.why.code == Code.PLAN_PAUSED or made.alarms:
        return None
    if any(need.need not in rates for need in waiting) or any(item.need not in rates for item in leased):
        return None
    left_s = [_left_s(item, rates[item.need], now_ms) for item in leased]
    work_s = sum(need.work_s for need in waiting) + sum(left_s)
    slots = sorted(
        (_ready_in_s(record, now_ms, start_s), _slots_of(record))
        for record in containers
        if is_capacity(record, hello_timeout_s, now_ms) or (record.held and not record.has_ended)
    )
    if not work_s or not slots:
        return None
    # Not before the item that takes longest.
    return now_ms + round(max(_span_s(work_s, slots), *left_s, 0.0)) * 1000


def _left_s(item: LeasedItem, rate: float, now_ms: int) -> float:
    """Return the rest of an item's usual time; 0 if it takes longer than that."""
    taken_s = max(0, now_ms - item.begun_ms) / 1000 if item.begun_ms else 0.0
    return max(0.0, item.weight * rate - taken_s)


def _ready_in_s(record: ContainerRecord, now_ms: int, start_s: float) -> float:
    """Return the time until a container works."""
    return 0.0 if record.started_ms else max(0.0, start_s - abs(now_ms - record.intended_ms) / 1000)


def _slots_of(record: ContainerRecord) -> int:
    """Return the slots of a container; before its first report, those that its cores are good for."""
    return record.slots or max(1, int(record.vcpu))


def _span_s(work_s: float, slots: Sequence[tuple[float, int]]) -> float:
    """Return the time in which the slots do the work, if it can be shared evenly.

    Args:
        work_s: processing time on one slot.
        slots: time from which each container works, the first one first, and its slots.
    """
    span_s, count = slots[0][0], 0
    for (from_s, more), (until_s, _) in zip(slots, [*slots[1:], (float("inf"), 0)], strict=True):
        count += more
        done_s = count * (until_s - from_s)
        span_s = from_s
        if done_s >= work_s:
            break
        work_s -= done_s
    return span_s + work_s / count
