"""Attributes every lost attempt to a fault; an attempt without a fault was charged to its item wrongly."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chaos.faults.log import InjectedFault
from chaos.redis_clock import ClockMoves
from scenequeue.jobs.job import JobEvent

#: A fault can have consequences this long after its end: leases expire, boto3 uses up its retries, a dispatcher's lock expires.
SLACK_MS = 30_000


@dataclass(frozen=True)
class LeaseEnd:
    """The end of one lease."""

    item_id: str
    #: done, dead, retry, released, reclaimed; or yielded, if another container had a lease of the item too, and went on.
    name: str
    container: str
    error: str
    at_ms: int
    #: The latest possible time, if Redis's clock was moved.
    until_ms: int | None = None


def lease_ends(events: Iterable[JobEvent], moves: ClockMoves | None = None) -> list[LeaseEnd]:
    """List the ends of all leases of one job, oldest first, each with the container that held the lease.

    Args:
        events: all events of the job.
        moves: moves of the clock that dated them.
    """
    history = list(events)
    holders: dict[str, str] = {}
    spares: dict[str, str] = {}
    ends: list[LeaseEnd] = []
    for event, span in zip(history, (moves or ClockMoves()).of_stream(history), strict=True):
        if event.item_id is None:
            continue
        if event.event == "leased":
            holders[event.item_id] = event.fields.get("container", "")
        elif event.event == "spare":
            spares[event.item_id] = event.fields.get("container", "")
        elif event.event == "yielded":
            container, error = event.fields.get("container", ""), event.fields.get("error", "")
            spare = spares.pop(event.item_id, "")
            if holders.get(event.item_id) == container:
                holders[event.item_id] = spare
            ends.append(LeaseEnd(event.item_id, event.event, container, error, span.from_ms, span.until_ms))
        elif event.event in {"done", "dead", "retry", "released", "reclaimed"}:
            container, error = holders.pop(event.item_id, ""), event.fields.get("error", "")
            ends.append(LeaseEnd(event.item_id, event.event, container, error, span.from_ms, span.until_ms))
    return ends


def unexplained(
    ends: Iterable[LeaseEnd],
    injected: Sequence[InjectedFault],
    causes_of: Callable[[str], tuple[frozenset[str], int]],
    moves: ClockMoves | None = None,
) -> list[LeaseEnd]:
    """List the ends that no fault can have caused.

    A fault explains an end if it may cause that error, affected that container, and lasted then or ended shortly before. It
    explains only as many ends of one item as its bound allows, so an item cannot lose more attempts than faults have cost it.

    Args:
        ends: ends of one item, oldest first.
        injected: all faults of the run.
        causes_of: a fault's name -> the errors it may cause, and its bound per item.
        moves: moves of Redis's clock. A lease that was given while it was ahead expires so much later after it is set back.
    """
    moves, used = moves or ClockMoves(), Counter[int]()
    left = []
    for end in ends:
        able = [
            number
            for number, fault in enumerate(injected)
            if end.error in causes_of(fault.name)[0]
            and (not fault.containers or end.container in fault.containers)
            and fault.covers(end.at_ms, SLACK_MS + _delay_ms(fault, end, moves), end.until_ms)
            and used[number] < causes_of(fault.name)[1]
        ]
        if able:
            # Prefer a fault of this container to one that affected all; of those, the oldest.
            used[min(able, key=lambda number: (not injected[number].containers, number))] += 1
        else:
            left.append(end)
    return left


def _delay_ms(fault: InjectedFault, end: LeaseEnd, moves: ClockMoves) -> int:
    """Return the time by which a lease that a fault has cost may have expired later, because the clock was set back."""
    return moves.set_back_ms(fault.began_ms - SLACK_MS, end.at_ms) if end.error == "LeaseExpired" else 0
