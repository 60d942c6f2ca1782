"""Lists the items of one structure that are leased, or would be leased next."""

from collections import deque
from typing import NamedTuple

from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Lane
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import MALFORMED, element_from, member_parts, spare_holder, whole_number


class LeasedItem(NamedTuple):
    """An item that a container works on now."""

    job_id: JobId
    item_id: ItemId
    container_id: ContainerId
    #: Redis clock.
    deadline_ms: int
    attempt: int
    name: str
    #: The container that has a spare lease of it.
    spare_container_id: ContainerId | None = None
    #: As its kind names it outside the queue's ports; see scenequeue/jobs/need.py.
    need: str = ""
    #: In the unit of its kind.
    weight: float = 0.0
    #: When work on it began, by the Redis clock; 0 while it waits for a slot.
    begun_ms: int = 0


class HeldItem(NamedTuple):
    """An item that one container has a lease of."""

    job_id: JobId
    item_id: ItemId
    name: str
    need: str
    attempt: int
    #: Start of its work in a slot, by Redis's clock; 0 before, and of a spare lease.
    begun_ms: int
    #: True if another container has the first lease of it.
    is_spare: bool


def peek_lane(connection: Connection, lane: Lane, count: int) -> list[tuple[JobId, ItemId, WorkItem]]:
    """Return the next items of one lane of one structure: one of each job in turn, in the order of the rings."""
    keys = connection.keys
    with connection.translated():
        needs = sorted(connection.answer("smembers", keys.needs) or ())
        pipeline = connection.client.pipeline(transaction=False)
        for need in needs:
            pipeline.zrange(keys.lane(lane.value, need), 0, count - 1, withscores=True)
        rings = connection.answers(pipeline) if needs else []
        in_ring = ((turn, job_id, need) for need, ring in zip(needs, rings, strict=True) for job_id, turn in ring or ())
        places = sorted(in_ring)[:count]
        for _, job_id, need in places:
            pipeline.lrange(keys.ready(job_id, need), 0, count - 1)
        lists = connection.answers(pipeline) if places else []
    turns = deque((job_id, deque(elements)) for (_, job_id, _), elements in zip(places, lists, strict=True) if elements)
    found: list[tuple[JobId, ItemId, WorkItem]] = []
    while turns and len(found) < count:
        job_id, elements = turns.popleft()
        found.append((JobId(job_id), *element_from(elements.popleft())))
        if elements:
            turns.append((job_id, elements))
    return found


def leased_of(connection: Connection, limit: int) -> list[LeasedItem]:
    """Return the leased items of one structure, in the order in which their leases end."""
    members = connection.answer("zrange", connection.keys.leases, 0, limit - 1, withscores=True) or []
    hashes = connection.hashes([connection.keys.of(f"item:{member}") for member, _ in members])
    found = [_leased(member, whole_number(end), fields) for (member, end), fields in zip(members, hashes, strict=True) if fields]
    return [item._replace(need=connection.need(item.need)) for item in found]


def held_by(connection: Connection, container_id: str, limit: int) -> list[HeldItem]:
    """Return items of one structure that a container has leases of, the longest in work first."""
    members = sorted(connection.answer("smembers", connection.keys.held(container_id)) or ())[:limit]
    hashes = connection.hashes([connection.keys.of(f"item:{member}") for member in members])
    found = [_held(member, fields, container_id) for member, fields in zip(members, hashes, strict=True) if fields]
    return sorted((item for item in found if item is not None), key=lambda item: (item.begun_ms == 0, item.begun_ms))


def _held(member: str, fields: dict[str, str], container_id: str) -> HeldItem | None:
    """Return the item of a hash if the container has a lease of it."""
    is_spare = fields.get("container") != container_id
    if is_spare and spare_holder(fields.get("spare", "")) != container_id:
        return None
    attempt, begun_ms = whole_number(fields.get("attempt")), whole_number(fields.get("begun_ms"))
    name = WorkItem.shown(fields["body"]).name if "body" in fields else MALFORMED
    return HeldItem(*member_parts(member), name, fields.get("need", ""), attempt, 0 if is_spare else begun_ms, is_spare)


def _leased(member: str, deadline_ms: int, fields: dict[str, str]) -> LeasedItem:
    """Return the leased item of a hash; it is named "malformed" if the hash lacks a body or a field of a lease."""
    is_whole = {"token", "body", "container", "attempt"} <= fields.keys()
    name = WorkItem.shown(fields["body"]).name if is_whole else MALFORMED
    container, attempt = ContainerId(fields.get("container", "")), whole_number(fields.get("attempt"))
    return LeasedItem(
        *member_parts(member),
        container_id=container,
        deadline_ms=deadline_ms,
        attempt=attempt,
        name=name,
        spare_container_id=spare_holder(fields.get("spare", "")),
        need=fields.get("need", ""),
        weight=max(0, whole_number(fields.get("weight_ms"))) / 1000,
        begun_ms=whole_number(fields.get("begun_ms")) if fields.get("begun") == "1" else 0,
    )
