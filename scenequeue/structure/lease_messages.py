"""Converts leases and results to arguments of the worker's steps, and answers of these steps to leases."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from scenequeue.errors import refused_field, several
from scenequeue.jobs.ids import ItemId, JobId, LeaseToken
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.need import need_of
from scenequeue.jobs.result import ItemResult
from scenequeue.reasons import Code, Reason

#: Values of each lease in the answer of lease.lua, which begins with the deadline of all.
_LEASE_FIELDS = 7
#: The item of a lease whose body is no work item.
_NO_ITEM = WorkItem(kind="malformed", name="malformed")


def triples_of(leases: Sequence[Lease]) -> list[str]:
    """Return job id, item id and token of each lease, in one flat list."""
    return [part for lease in leases for part in (lease.job_id, lease.item_id, lease.token)]


def results_message(finished: Sequence[tuple[Lease, ItemResult]], brought: Mapping[str, int] | None = None) -> list[str | int]:
    """Return the arguments of ack.lua, from its ARGV[4] on, for finished items.

    Args:
        finished: leases with their results.
        brought: token of a lease -> number of items that its item brings.
    """
    arguments: list[str | int] = []
    for lease, result in finished:
        busy_ms = round((result.processing_s or 0.0) * 1000)
        arguments += (lease.job_id, lease.item_id, lease.token, need_of(lease.item.kind, lease.item.v), busy_ms)
        arguments += (round(lease.item.weight * 1000), result.wire(), brought.get(lease.token, 0) if brought else 0)
    return arguments


def leases_from(answer: Sequence[Any], structures: Sequence[int]) -> Iterator[tuple[Lease, Reason | None]]:
    """Yield the leases in an answer of lease.lua, each with the reason if its body is no work item, else None.

    Args:
        answer: of lease.lua.
        structures: those that the step worked on, newest first.
    """
    for at in range(1, len(answer), _LEASE_FIELDS):
        job_id, item_id, token, attempt, place, body, notes = answer[at : at + _LEASE_FIELDS]
        try:
            item, wrong = WorkItem.read(body), None
        except ValidationError as error:
            item = _NO_ITEM
            problem = several(map(refused_field, error.errors(include_url=False)))
            wrong = Reason(Code.NO_WORK_ITEM, {"problem": problem})
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
