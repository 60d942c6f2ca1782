"""Leases and results as they travel to and from the steps of a worker."""

from collections.abc import Mapping, Sequence
from typing import Any

from scenequeue.jobs.ids import ItemId, JobId, LeaseToken
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.need import need_of
from scenequeue.jobs.result import ItemResult

#: Characters of an error's message that are kept.
MESSAGE_LIMIT = 8_000
#: Values that lease.lua answers for each lease.
LEASE_FIELDS = 7


def clean_message(message: str) -> str:
    """An error's message as it is kept: at most 8,000 characters, without half surrogate pairs."""
    return message.encode("utf-8", "replace").decode()[:MESSAGE_LIMIT]


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


def lease_from(fields: Sequence[Any]) -> Lease:
    """One lease as lease.lua answers it.

    Raises:
        ValidationError: its body is no work item.
    """
    job_id, item_id, token, attempt, deadline_ms, body, notes = fields
    return Lease(
        job_id=JobId(job_id),
        item_id=ItemId(item_id),
        token=LeaseToken(token),
        attempt=int(attempt),
        deadline_ms=int(deadline_ms),
        item=WorkItem.read(body),
        notes=dict(zip(notes[::2], notes[1::2], strict=True)) if notes else {},
    )
