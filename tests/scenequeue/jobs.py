"""Short ways to make jobs and results in queue tests."""

from typing import Any

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec, JobStatus, Lane
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue


def items(count: int, prefix: str = "scene", weight: float = 1.0) -> list[WorkItem]:
    """Items with numbered names."""
    return [WorkItem(name=f"{prefix}{i}", weight=weight, payload={"n": i}) for i in range(count)]


def submit(queue: SceneQueue, job_id: str, *counts: int, lane: Lane = Lane.NORMAL, **spec: Any) -> JobStatus:
    """A job with one stage per count."""
    job = JobSpec(job_id=check_job_id(job_id), lane=lane, **spec)
    return queue.producer.submit(job, [items(count) for count in counts])


def submit_kinds(queue: SceneQueue, job_id: str, *stages: list[str]) -> JobStatus:
    """A job with items of these kinds in each stage."""
    made = [[WorkItem(kind=kind, name=f"{kind} {n}") for n, kind in enumerate(kinds)] for kinds in stages]
    return queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), made)


def waiting_needs(queue: SceneQueue) -> list[str]:
    """The needs of all that is ready, for a container that can do everything."""
    return sorted({each.need for each in queue.inspect.waiting()})


def put_leases_in_the_past(queue: SceneQueue) -> None:
    """Let the time of all leases be over now; nobody has taken them back yet."""
    _put_in_the_past(queue, queue._connection.keys.leases)


def end_leases(queue: SceneQueue) -> int:
    """Let the time of all leases be over now, and take them back; returns how many were."""
    put_leases_in_the_past(queue)
    return queue.dispatcher.reclaim()


#: Time for which a test keeps results that it lets expire: so long that no load ends it before.
RESULT_TTL_S = 60


def end_results(queue: SceneQueue) -> None:
    """Let the time of all results be over now: keys that expire within `RESULT_TTL_S` are gone."""
    client, keys = queue._connection.client, queue._connection.keys
    for key in client.scan_iter(match=keys.prefix.replace("{", "\\{") + "*", count=1000):
        if 0 <= client.ttl(key) <= RESULT_TTL_S:
            client.pexpire(key, 0)
    for index in (keys.expiring, keys.dead):
        _put_in_the_past(queue, index)


def end_folder_pauses(queue: SceneQueue) -> None:
    """Let the time be over before which no working folder is looked at."""
    _put_in_the_past(queue, queue._connection.keys.of("jobs:folders"))


def end_pauses(queue: SceneQueue) -> None:
    """Let the pause before every retry be over now, and put the items back."""
    _put_in_the_past(queue, queue._connection.keys.delayed)
    queue.dispatcher.reclaim()


def _put_in_the_past(queue: SceneQueue, index: str) -> None:
    """Let everything in an index be of long ago."""
    client = queue._connection.client
    if members := client.zrange(index, 0, -1):
        client.zadd(index, dict.fromkeys(members, 1), xx=True)


def done(lease: Lease) -> tuple[Lease, ItemResult]:
    """The success of a lease."""
    result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", processing_s=2.0, attempts=lease.attempt)
    return lease, result
