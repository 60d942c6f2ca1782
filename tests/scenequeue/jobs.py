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


def waiting_needs(queue: SceneQueue) -> list[str]:
    """The needs of all that is ready, for a container that can do everything."""
    return sorted({each.need for each in queue.inspect.waiting()})


def end_leases(queue: SceneQueue) -> int:
    """Let the time of all leases be over now, and take them back; returns how many were."""
    client, leases = queue._connection.client, queue._connection.keys.leases
    if held := client.zrange(leases, 0, -1):
        client.zadd(leases, dict.fromkeys(held, 1), xx=True)
    return queue.dispatcher.reclaim()


def done(lease: Lease) -> tuple[Lease, ItemResult]:
    """The success of a lease."""
    result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", processing_s=2.0, attempts=lease.attempt)
    return lease, result
