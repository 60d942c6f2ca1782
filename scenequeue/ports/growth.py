"""Stages the items that a leased item brings for its job's next stage."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.need import need_of
from scenequeue.structure.connection import Connection

#: They are kept for so long without an ack.
GROWTH_TTL_S = 3600
#: Items per step.
CHUNK = 500
#: Answers of grow.lua.
NO_LEASE, NO_STAGE = -1, -2


def stage_growth(connection: Connection, container_id: str, lease: Lease, items: Iterable[WorkItem]) -> int:
    """Stage all of them; arguments, answer and errors as `WorkerPort.grow` says."""
    about = (container_id, lease.job_id, lease.item_id, lease.token)
    staged, count = Counter[str](), 0
    for need, elements, weight_ms in _elements(lease, items):
        answer = connection.run("grow", *about, need, staged[need], GROWTH_TTL_S, weight_ms, *elements)
        if answer == NO_LEASE:
            raise LeaseLost(f"{lease.job_id}/{lease.item_id} is no longer this container's")
        if answer == NO_STAGE:
            raise BadInput(f"{lease.job_id}/{lease.item_id} brings items, and its job has no deferred stage for them")
        staged[need] += len(elements)
        count += len(elements)
    return count


def _elements(lease: Lease, items: Iterable[WorkItem]) -> Iterator[tuple[str, list[str], int]]:
    """Chunks of one need each: list elements, and what they weigh together."""
    stage, _, index = lease.item_id.partition("-")
    numbered = iter(enumerate(items))
    while some := list(islice(numbered, CHUNK)):
        elements: dict[str, list[str]] = {}
        weight_ms = Counter[str]()
        for number, item in some:
            need, ms = need_of(item.kind, item.v), round(item.weight * 1000)
            elements.setdefault(need, []).append(f"{int(stage) + 1}-{index}.{number} {ms} {item.model_dump_json()}")
            weight_ms[need] += ms
        yield from ((need, each, weight_ms[need]) for need, each in elements.items())
