"""Leases and results as they travel to and from the steps of a worker."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from scenequeue.jobs.ids import ItemId, JobId, LeaseToken
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.need import need_of
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Code, Reason

#: Values that lease.lua answers for each lease, behind the deadline of all.
_LEASE_FIELDS = 7
#: The item of a lease whose body is no work item.
_NO_ITEM = WorkItem(kind="malformed", name="malformed")


def triples_of(leases: Sequence[Lease]) -> list[str]:
    """Job, item and token of each lease, one after another."""
    return [part for lease in leases for part in (lease.job_id, lease.item_id, lease.token)]


def results_message(finished: Sequence[tuple[Lease, ItemResult]], brought: Mapping[str, int] | None = None) -> list[str | int]:
    """The arguments of ack.lua and exchange.lua for finished items.

    Args:
        finished: leases with their results.
        brought: by a lease's token, how many items its item brings.
    """
    arguments: list[str | int] = []
    for lease, result in finished:
        busy_ms = round((result.processing_s or 0.0) * 1000)
        arguments += (lease.job_id, lease.item_id, lease.token, need_of(lease.item.kind, lease.item.v), busy_ms)
        arguments += (round(lease.item.weight * 1000), result.wire(), brought.get(lease.token, 0) if brought else 0)
    return arguments


def leases_from(answer: Sequence[Any], structures: Sequence[int]) -> Iterator[tuple[Lease, Reason | None]]:
    """The leases that lease.lua has answered; of one whose body is no work item, what is wrong with it."""
    for at in range(1, len(answer), _LEASE_FIELDS):
        job_id, item_id, token, attempt, place, body, notes = answer[at : at + _LEASE_FIELDS]
        try:
            item, wrong = WorkItem.read(body), None
        except ValidationError as error:
            item = _NO_ITEM
            wrong = Reason(Code.NO_WORK_ITEM, {"problem": str(error.errors(include_url=False, include_input=False))})
        lease = Lease(
            job_id=JobId(job_id),
            item_id=ItemId(item_id),
            token=LeaseToken(token),
            attempt=int(attempt),
            deadline_ms=int(answer[0]),
            item=item,
            notes=dict(zip(notes[::2], notes[1::2], strict=True)) if notes else {},
            structure=structures[place],
        )
        yield lease, wrong
