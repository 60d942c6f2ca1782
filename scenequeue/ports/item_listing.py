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
    return [_leased(member, whole_number(end), fields) for (member, end), fields in zip(members, hashes, strict=True) if fields]


def _leased(member: str, deadline_ms: int, fields: dict[str, str]) -> LeasedItem:
    """Return the leased item of a hash; it is named "malformed" if the hash lacks a body or a field of a lease."""
    is_whole = {"token", "body", "container", "attempt"} <= fields.keys()
    name = WorkItem.shown(fields["body"]).name if is_whole else MALFORMED
    container, attempt = ContainerId(fields.get("container", "")), whole_number(fields.get("attempt"))
    return LeasedItem(*member_parts(member), container, deadline_ms, attempt, name, spare_holder(fields.get("spare", "")))
