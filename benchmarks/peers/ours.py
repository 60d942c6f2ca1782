"""Sceneburst's queue, driven by a plain loop over the worker's port, with a heartbeat."""

import os
import sys
import threading
from collections.abc import Iterable

from body import PADDING, REDIS_URL, work

from scenequeue.errors import QueueUnavailable
from scenequeue.items import ItemResult, JobSpec, WorkItem, check_job_id
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

REQUIREMENTS: list[str] = []
WORKER = [sys.executable, __file__]
_LEASE_S = float(os.environ.get("BENCH_LEASE_S", "5"))
_BATCH = int(os.environ.get("BENCH_BATCH", "50"))
_settings = SceneburstSettings.load(redis_url=REDIS_URL, lease_s=_LEASE_S)
_queue = SceneQueue(_settings)


def _item(number: int) -> WorkItem:
    return WorkItem(kind="run", name=f"item{number}", payload={"n": number, "padding": PADDING[:320]})


def enqueue(numbers: Iterable[int]) -> None:
    """One job per item: one call each."""
    for number in numbers:
        _queue.producer.submit(JobSpec(job_id=check_job_id(f"single-{number}")), [[_item(number)]])


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """All items as one job."""
    numbers = list(numbers)
    _queue.producer.submit(JobSpec(job_id=check_job_id(f"bulk-{numbers[0]}-{len(numbers)}")), [map(_item, numbers)])


def _heartbeat(container: str, held: dict, stop: threading.Event) -> None:
    while not stop.wait(_LEASE_S / 3):
        try:
            _queue.worker.extend(container, list(held.values()))
        except QueueUnavailable:
            continue


def main() -> None:
    """Lease a batch, run it, ack it together; keep results over an outage and hand them in first."""
    container = f"bench-{os.getpid()}"
    held: dict = {}
    threading.Thread(target=_heartbeat, args=(container, held, threading.Event()), daemon=True).start()
    finished: list = []
    # Work that takes time is claimed near its time, as the container worker does.
    batch = 1 if os.environ.get("BENCH_WORK_S") else _BATCH
    while True:
        try:
            if finished:
                _queue.worker.ack(container, finished)
                finished = []
                held.clear()
            leases = _queue.worker.lease(container, batch)
            if not leases and not _queue.worker.wait_for_work(1.0):
                _queue.dispatcher.reclaim()
        except QueueUnavailable:
            threading.Event().wait(0.2)
            continue
        held.update({lease.item_id: lease for lease in leases})
        for lease in leases:
            work(lease.item.payload["n"])
            result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", container=container)
            finished.append((lease, result))


if __name__ == "__main__":
    main()
