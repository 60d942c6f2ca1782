"""Stages the items that a leased item brings for its job's next stage."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import ValidationError

from scenequeue.errors import BadInput, GrowthRefused, LeaseLost, refused_field, several
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.ports.job_writer import MAX_NEEDS
from scenequeue.reasons import Code, Reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.item_chunk import ItemChunk

#: Staged items expire after this time without a further call or an ack.
GROWTH_TTL_S = 3600
#: Items per step.
CHUNK = 500
#: Maximum size of an item as JSON, in characters, so that no step is too large for Redis.
MAX_ITEM_CHARACTERS = 262_144
#: Answers of grow.lua.
NO_LEASE, NO_STAGE, TOO_MANY_NEEDS = -1, -2, -3


def stage_growth(connection: Connection, container_id: str, lease: Lease, items: Iterable[WorkItem]) -> int:
    """Stage all of them; arguments, answer and errors as `WorkerPort.grow` says."""
    named = f"{lease.job_id}/{lease.item_id}"
    about = (container_id, lease.job_id, lease.item_id, lease.token)
    staged = Counter[str]()
    for chunk in _chunks(lease, items, named):
        for need, elements in chunk.by_need.items():
            weight_ms = chunk.weight_ms[need]
            answer = connection.of(lease.structure).run("grow", *about, need, staged[need], GROWTH_TTL_S, weight_ms, *elements)
            if answer == NO_LEASE:
                raise LeaseLost(Code.LEASE_STALE, item=named)
            if answer == NO_STAGE:
                raise BadInput(Code.STAGE_NOT_DEFERRED, item=named)
            if answer == TOO_MANY_NEEDS:
                raise BadInput(Code.NEEDS_TOO_MANY, job_id=lease.job_id, limit=MAX_NEEDS)
            staged[need] += len(elements)
            if answer < staged[need]:
                raise GrowthRefused(Code.GROWTH_NOT_WHOLE, items=named)
    return staged.total()


def _chunks(lease: Lease, items: Iterable[WorkItem], named: str) -> Iterator[ItemChunk]:
    stage, _, index = lease.item_id.partition("-")
    checked = ((f"{int(stage) + 1}-{index}.{number}", *_checked(number, item, named)) for number, item in enumerate(items))
    while some := list(islice(checked, CHUNK)):
        yield ItemChunk(some)


def _checked(number: int, item: object, named: str) -> tuple[WorkItem, str]:
    """Return the item as a worker will read it, and its JSON; those who make one can bypass its checks.

    Raises:
        BadInput: it cannot be put on the queue.
    """
    if not isinstance(item, WorkItem):
        raise BadInput(Code.GROWTH_NO_ITEM, item=named, number=number, type=type(item).__name__)
    problem: Reason | str
    try:
        # Warnings are about values of other types than declared, which are refused below.
        body = item.model_dump_json(warnings=False)
        if len(body) <= MAX_ITEM_CHARACTERS:
            return WorkItem.model_validate_json(body), body
        problem = Reason(Code.ITEM_TOO_LARGE, {"characters": len(body), "limit": MAX_ITEM_CHARACTERS})
    except ValidationError as error:
        problem = several(map(refused_field, error.errors(include_url=False, include_input=False)))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # What pydantic raises for values that JSON cannot express.
        problem = str(error)
    raise BadInput(Code.GROWTH_UNUSABLE, item=named, number=number, problem=problem)
