"""Finds items that a container works on for far longer than their weight and the measured rate of their need explain."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.ports.item_listing import LeasedItem

#: An item is stuck after so many times its usual time, and at least this long.
TIMES = 10
LEAST_S = 60.0
#: An item whose usual time is unknown is stuck after this long.
UNKNOWN_S = 3600.0


class StuckItem(NamedTuple):
    """An item that takes far too long."""

    job_id: JobId
    item_id: ItemId
    name: str
    container_id: ContainerId
    #: Redis clock.
    begun_ms: int
    #: Its weight at the measured rate of its need; None without a measurement.
    usual_s: float | None


def stuck_items(leased: Iterable[LeasedItem], rates: Mapping[str, float], now_ms: int) -> list[StuckItem]:
    """Return the items that take too long, those that began first before others.

    Args:
        leased: leased items; those whose work has not begun are ignored.
        rates: need -> measured processing seconds per unit of weight.
        now_ms: Redis clock.
    """
    found = []
    for item in leased:
        usual_s = rates[item.need] * item.weight if item.need in rates and item.weight else None
        limit_s = UNKNOWN_S if usual_s is None else max(LEAST_S, TIMES * usual_s)
        if item.begun_ms and now_ms - item.begun_ms > limit_s * 1000:
            found.append(StuckItem(item.job_id, item.item_id, item.name, item.container_id, item.begun_ms, usual_s))
    return sorted(found, key=lambda each: each.begun_ms)
