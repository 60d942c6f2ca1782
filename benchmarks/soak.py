"""Puts a million items through the queue: memory stays bounded, and the cost of a lease and of `depth` does not grow.

    python -m benchmarks.soak [--items N] [--jobs N] [--json]

All run on one Redis (with an append-only file, as in production): a queue with 10 items, a long one, and one with 10,000 jobs
in a lane are measured in turns; then the long one is drained by one process. Exits 1 if a target is missed.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
from rich.progress import Progress

from benchmarks.queue.harness import RedisServer
from benchmarks.targets import Target, report
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

_FEW, _ROUNDS, _CALLS, _BATCH = 10, 15, 40, 50
#: Costs count as the same up to this ratio, as medians vary on a shared machine.
MAX_RATIO = 1.3
_WORKER = "soak"


def _items(count: int) -> Iterable[WorkItem]:
    return (WorkItem(name=f"item{number}", payload={"number": number, "padding": "x" * 412}) for number in range(count))


def _submit(queue: SceneQueue, items: int, jobs: int, report: Callable[[int], None]) -> None:
    for number in range(jobs):
        queue.producer.submit(JobSpec(job_id=check_job_id(f"job-{number}")), [_items(items // jobs)])
        report(items // jobs)


def _lease_us(queue: SceneQueue) -> float:
    """Measure the microseconds to lease one item; its release is not timed."""
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        leases = queue.worker.lease(_WORKER, 1)
        taken.append(time.perf_counter() - began)
        queue.worker.release(_WORKER, leases)
    return statistics.median(taken) * 1e6


def _depth_us(queue: SceneQueue) -> float:
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        queue.inspect.depth()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def _drain(queue: SceneQueue, report: Callable[[int], None]) -> tuple[int, list[float]]:
    """Lease and ack until nothing is left; returns the items done, and samples of this process's memory in MB."""
    process, memory, ended = psutil.Process(), list[float](), 0
    leases: list[Lease] = queue.worker.lease(_WORKER, _BATCH)
    while leases:
        finished = [
            (each, ItemResult(item_id=each.item_id, name=each.item.name, state="done", container=_WORKER)) for each in leases
        ]
        refused, leases = queue.worker.exchange(_WORKER, finished, _BATCH)
        ended += len(finished) - len(refused)
        report(len(finished))
        if ended % 20_000 < _BATCH:
            memory.append(process.memory_info().rss / 1e6)
    return ended, memory


def soak(redis: RedisServer, items: int, jobs: int) -> list[Target]:
    """Measure all figures."""
    few, long, wide = (
        SceneQueue(SceneburstSettings.load(redis_url=f"redis://127.0.0.1:{redis.port}/0", namespace=name))
        for name in ("few", "long", "wide")
    )
    with Progress(transient=True) as progress:
        task = progress.add_task("enqueue", total=items + jobs + _FEW)
        for queue, count, of_jobs in ((few, _FEW, 1), (long, items, 10), (wide, jobs, jobs)):
            _submit(queue, count, of_jobs, lambda done: progress.advance(task, done))
        filled_mb = int(redis.info("memory", "used_memory")) / 1e6
        costs: dict[str, list[float]] = {}
        for _ in progress.track(range(_ROUNDS), description="lease, depth"):
            for name, queue in (("few", few), ("long", long), ("wide", wide)):
                costs.setdefault(f"lease {name}", []).append(_lease_us(queue))
                costs.setdefault(f"depth {name}", []).append(_depth_us(queue))
        cost = {name: statistics.median(values) for name, values in costs.items()}
        task = progress.add_task("drain", total=items)
        ended, memory = _drain(long, lambda done: progress.advance(task, done))
    counts = [long.inspect.job(f"job-{number}").counts for number in range(10)]
    print(", ".join(f"{name} {value:.0f} µs" for name, value in cost.items()))
    print(f"Redis {filled_mb:.0f} MB when full, {int(redis.info('memory', 'used_memory')) / 1e6:.0f} MB with the results of all")
    return [
        Target(f"lease: {items:,} waiting / {_FEW}", cost["lease long"] / cost["lease few"], "≤", MAX_RATIO),
        Target(f"lease: {jobs:,} jobs in a lane / 1", cost["lease wide"] / cost["lease few"], "≤", MAX_RATIO),
        Target(f"depth: {items:,} waiting / {_FEW}", cost["depth long"] / cost["depth few"], "≤", MAX_RATIO),
        Target(f"depth: {jobs:,} jobs in a lane / 1", cost["depth wide"] / cost["depth few"], "≤", MAX_RATIO),
        Target("items not done exactly once", abs(items - ended) + abs(items - sum(each.done for each in counts)), "≤", 0),
        Target("worker's memory, end − first tenth, MB", memory[-1] - memory[len(memory) // 10], "≤", 10),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000, help="waiting in the long queue; a multiple of 10")
    parser.add_argument("--jobs", type=int, default=10_000, help="in one lane of the wide queue")
    parser.add_argument("--json", action="store_true", help="print the targets as one JSON document at the end")
    chosen = parser.parse_args()
    if chosen.items < 1_000 or chosen.items % 10:
        parser.error("--items: a multiple of 10, at least 1,000")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, RedisServer(Path(folder)) as redis:
        targets = soak(redis, chosen.items, chosen.jobs)
    return report(targets, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
