"""Counts the present containers, and the items that they will take."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dispatcher.decisions.planning.coverage import Room
from dispatcher.decisions.planning.served_needs import served_by
from dispatcher.decisions.pricing import hourly_usd
from scenequeue.jobs.container import ContainerRecord

_ALIVE = frozenset({"intended", "launched", "running"})


class Present(NamedTuple):
    """The present containers."""

    #: Number of ready items that they will take, and of the containers, by served needs and job with wishes.
    rooms: Mapping[Room, int]
    counts: Mapping[Room, int]
    starting: int
    alive: int
    #: Including draining containers, which take no more items but are paid for.
    paid: int
    usd_per_hour: float


def is_capacity(record: ContainerRecord, hello_timeout_s: float, now_ms: int) -> bool:
    """Return True if a container works or may still start; a launch that has not said hello in time has failed."""
    if record.state not in _ALIVE or record.is_draining:
        return False
    # A launch may be in the future: Redis's clock can be set back.
    return record.state == "running" or abs(now_ms - record.intended_ms) <= hello_timeout_s * 1000


def remaining_capacity(record: ContainerRecord) -> int:
    """Count the ready items that a container will take: the rest of its budget, or its free slots if those are more."""
    left = record.batch - record.done - record.failed - record.held
    free_slots = record.slots - record.held if record.state == "running" else 0
    return max(0, left, free_slots)


def count_present(
    containers: Sequence[ContainerRecord], jobs: set[str], hello_timeout_s: float, now_ms: int, structures: Sequence[int]
) -> Present:
    """Count containers in groups that are alike.

    Args:
        containers: the ledger.
        jobs: ids of jobs with wishes; containers that were launched for other jobs belong to no job.
        hello_timeout_s: a launch that has not said hello for this long has failed.
        now_ms: Redis's clock.
        structures: the queue's structures that this dispatcher looks at, newest first; others that a container looks at do not
            count.
    """
    rooms: dict[Room, int] = defaultdict(int)
    counts: dict[Room, int] = defaultdict(int)
    alike: dict[tuple[str, str, str, str], Room] = {}
    paid = [record for record in containers if not record.has_ended]
    starting = 0
    for record in paid:
        if not is_capacity(record, hello_timeout_s, now_ms):
            continue
        starting += record.state != "running"
        key = (record.serves, record.needs, record.structures, record.for_job)
        room = alike.get(key)
        if room is None:
            for_job = record.for_job if record.for_job in jobs else ""
            room = alike[key] = Room(served_by(record, structures), for_job)
        rooms[room] += remaining_capacity(record)
        counts[room] += 1
    return Present(rooms, counts, starting, sum(counts.values()), len(paid), hourly_usd(paid))
