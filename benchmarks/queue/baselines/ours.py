"""Sceneburst's queue, with a plain worker loop, a heartbeat and the dispatcher's reclaim."""

import os
import sys
import threading
import time
from collections.abc import Iterable

from body import PADDING, RECOVERY_S, REDIS_URL, WORK_S, work

from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

SETTINGS = "default; lease 30 s, quick: 5 s; no dispatcher that would see a container die"
REQUIREMENTS: list[str] = []
WORKER = [sys.executable, __file__]
#: Work that takes time is leased item by item, as in the container worker.
_BATCH = 1 if WORK_S else 100
#: Ack each result by a call of its own, instead of all with the call that leases the next items.
_ACKS_EACH = "BENCH_ACKS_EACH" in os.environ
#: Rarely where the steps of an item are counted.
_SWEEP_S = float(os.environ.get("BENCH_SWEEP_S", "1"))
_WAIT_S = float(os.environ.get("BENCH_WAIT_S", "1"))
#: Seconds between attempts while Redis is unavailable.
_PAUSE_S = 0.2
_settings = SceneburstSettings.load(redis_url=REDIS_URL, **({"lease_s": RECOVERY_S} if RECOVERY_S else {}))
_queue = SceneQueue(_settings)


def _item(number: int) -> WorkItem:
    return WorkItem(name=f"item{number}", payload={"number": number, "padding": PADDING})


def _spec(name: str) -> JobSpec:
    return JobSpec(job_id=check_job_id(name))


def enqueue(numbers: Iterable[int]) -> None:
    """Submit a job for each item: one call each."""
    for number in numbers:
        _queue.producer.submit(_spec(f"single-{number}"), [[_item(number)]])


def enqueue_bulk(numbers: Iterable[int]) -> None:
    """Submit all items as one job."""
    _queue.producer.submit(_spec("bulk"), [map(_item, numbers)])


def _keep(container: str, held: dict[str, Lease]) -> None:
    """Extend the leases every third of their time, and reclaim expired ones."""
    renewal = time.monotonic()
    while True:
        time.sleep(_SWEEP_S)
        try:
            _queue.dispatcher.reclaim()
            if time.monotonic() - renewal > _settings.lease_s / 3:
                renewal = time.monotonic()
                _queue.worker.extend(container, list(held.values()))
        except QueueUnavailable:
            continue


def _ack(container: str, ended: tuple[Lease, ItemResult]) -> bool:
    try:
        _queue.worker.ack(container, [ended])
    except QueueUnavailable:
        return False
    return True


def main() -> None:
    """Ack finished items and lease the next in one call; results survive an outage and are acked first."""
    container = f"bench-{os.getpid()}"
    held: dict[str, Lease] = {}
    threading.Thread(target=_keep, args=(container, held), daemon=True).start()
    finished: list[tuple[Lease, ItemResult]] = []
    bell = ""
    while True:
        try:
            if finished:
                _, leases = _queue.worker.exchange(container, finished, _BATCH, bell=bell)
            else:
                leases = _queue.worker.lease(container, _BATCH, bell=bell)
            finished = []
            held.clear()
            held.update({lease.item_id: lease for lease in leases})
            bell = "" if leases else _queue.worker.wait_for_work(_WAIT_S)
        except QueueUnavailable:
            time.sleep(_PAUSE_S)
            continue
        for lease in leases:
            work(lease.item.payload["number"])
            result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", container=container)
            if not _ACKS_EACH or not _ack(container, (lease, result)):
                finished.append((lease, result))


if __name__ == "__main__":
    main()
