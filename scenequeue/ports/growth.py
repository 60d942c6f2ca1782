"""Stages the items that a leased item brings for its job's next stage."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.item_chunk import ItemChunk

#: Staged items expire after this time without a further call or an ack.
GROWTH_TTL_S = 3600
#: Items per step.
CHUNK = 500
#: Answers of grow.lua.
NO_LEASE, NO_STAGE = -1, -2


def stage_growth(connection: Connection, container_id: str, lease: Lease, items: Iterable[WorkItem]) -> int:
    """Stage all of them; arguments, answer and errors as `WorkerPort.grow` says."""
    about = (container_id, lease.job_id, lease.item_id, lease.token)
    staged = Counter[str]()
    for chunk in _chunks(lease, items):
        for need, elements in chunk.by_need.items():
            weight_ms = chunk.weight_ms[need]
            answer = connection.of(lease.structure).run("grow", *about, need, staged[need], GROWTH_TTL_S, weight_ms, *elements)
            if answer == NO_LEASE:
                raise LeaseLost(Code.LEASE_STALE, item=f"{lease.job_id}/{lease.item_id}")
            if answer == NO_STAGE:
                raise BadInput(Code.STAGE_NOT_DEFERRED, item=f"{lease.job_id}/{lease.item_id}")
            staged[need] += len(elements)
    return staged.total()


def _chunks(lease: Lease, items: Iterable[WorkItem]) -> Iterator[ItemChunk]:
    stage, _, index = lease.item_id.partition("-")
    numbered = iter(enumerate(items))
    while some := list(islice(numbered, CHUNK)):
        yield ItemChunk((f"{int(stage) + 1}-{index}.{number}", item) for number, item in some)
