"""Finds the fault that every lost attempt came of; what none explains was charged to an item wrongly."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chaos.faults.log import Hit
from chaos.redis_clock import Moves
from scenequeue.jobs.job import JobEvent

#: So long after a fault's end something may still come of it: a lease runs out, boto3's retries are used up, a dispatcher's
#: lock expires before anybody looks.
SLACK_MS = 30_000


@dataclass(frozen=True)
class LeaseEnd:
    """The end of one lease."""

    item_id: str
    #: done, dead, retry, released or reclaimed.
    name: str
    container: str
    error: str
    at_ms: int
    #: Redis's clock was moved, and it may have been as late as that.
    until_ms: int | None = None


def lease_ends(events: Iterable[JobEvent], moves: Moves | None = None) -> list[LeaseEnd]:
    """All ends of leases of one job, oldest first, each with the container that held the lease.

    Args:
        events: all of the job.
        moves: of the clock by which they are dated.
    """
    told = list(events)
    holders: dict[str, str] = {}
    ends: list[LeaseEnd] = []
    for event, span in zip(told, (moves or Moves()).of_stream(told), strict=True):
        if event.item_id is None:
            continue
        if event.event == "leased":
            holders[event.item_id] = event.fields.get("container", "")
        elif event.event in {"done", "dead", "retry", "released", "reclaimed"}:
            container, error = holders.pop(event.item_id, ""), event.fields.get("error", "")
            ends.append(LeaseEnd(event.item_id, event.event, container, error, span.from_ms, span.until_ms))
    return ends


def unexplained(
    ends: Iterable[LeaseEnd], hits: Sequence[Hit], causes_of: Callable[[str], tuple[frozenset[str], int]]
) -> list[LeaseEnd]:
    """The ends that no fault can have caused.

    A hit explains an end with an error that it may cause, of a container that it struck, while it lasted or soon after; and of
    one item only so many as it may cause. So an item's lost attempts are never more than what has hit it.

    Args:
        ends: of one item, oldest first.
        hits: all of the run.
        causes_of: by a fault's name, its errors and its bound.
    """
    used = Counter[int]()
    left = []
    for end in ends:
        able = [
            number
            for number, hit in enumerate(hits)
            if end.error in causes_of(hit.name)[0]
            and (not hit.containers or end.container in hit.containers)
            and hit.covers(end.at_ms, SLACK_MS, end.until_ms)
            and used[number] < causes_of(hit.name)[1]
        ]
        if able:
            # The one that struck this container rather than one that struck everybody, and the oldest of them.
            used[min(able, key=lambda number: (not hits[number].containers, number))] += 1
        else:
            left.append(end)
    return left
