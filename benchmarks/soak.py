"""A million items through the queue: memory stays bounded, and what a lease and a look cost does not grow with the backlog.

    python -m benchmarks.soak [--items N] [--jobs N] [--json]

On one Redis (with its append-only file, as in production) in one run: a small queue with 10 items, a long one, and one with a
lane of 10,000 jobs are measured in turns; then the long one is drained by one process. Exits 1 when a bar is missed.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
from rich.progress import Progress

from benchmarks.queue.harness import RedisServer
from benchmarks.targets import Bar, print_bars
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

_FEW, _ROUNDS, _CALLS, _BATCH = 10, 15, 40, 50
#: The same cost, give or take what a shared machine does to medians.
_SAME = 1.3
_WORKER = "soak"


def _items(count: int) -> Iterable[WorkItem]:
    return (
        WorkItem(kind="run", name=f"item{number}", payload={"number": number, "padding": "x" * 412}) for number in range(count)
    )


def _submit(queue: SceneQueue, items: int, jobs: int, report: Callable[[int], None]) -> None:
    for number in range(jobs):
        queue.producer.submit(JobSpec(job_id=check_job_id(f"job-{number}")), [_items(items // jobs)])
        report(items // jobs)


def _lease_us(queue: SceneQueue) -> float:
    """Microseconds of leasing one item; it is given back outside the time taken."""
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
    """Lease and hand in until nothing is left; how many ended, and this process's memory in MB along the way."""
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


def soak(redis: RedisServer, items: int, jobs: int) -> list[Bar]:
    """All figures."""
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
        Bar(f"lease: {items:,} waiting / {_FEW}", cost["lease long"] / cost["lease few"], "≤", _SAME),
        Bar(f"lease: {jobs:,} jobs in a lane / 1", cost["lease wide"] / cost["lease few"], "≤", _SAME),
        Bar(f"depth: {items:,} waiting / {_FEW}", cost["depth long"] / cost["depth few"], "≤", _SAME),
        Bar(f"depth: {jobs:,} jobs in a lane / 1", cost["depth wide"] / cost["depth few"], "≤", _SAME),
        Bar("items not done exactly once", abs(items - ended) + abs(items - sum(each.done for each in counts)), "≤", 0),
        Bar("worker's memory, end − first tenth, MB", memory[-1] - memory[len(memory) // 10], "≤", 10),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000, help="waiting in the long queue; a multiple of 10")
    parser.add_argument("--jobs", type=int, default=10_000, help="in one lane of the wide queue")
    parser.add_argument("--json", action="store_true", help="print the bars as one JSON document at the end")
    chosen = parser.parse_args()
    if chosen.items < 1_000 or chosen.items % 10:
        parser.error("--items: a multiple of 10, at least 1,000")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, RedisServer(Path(folder)) as redis:
        bars = soak(redis, chosen.items, chosen.jobs)
    print_bars(bars)
    if chosen.json:
        print(json.dumps([bar._asdict() | {"held": bar.is_held} for bar in bars], indent=2))
    return int(not all(bar.is_held for bar in bars))


if __name__ == "__main__":
    sys.exit(main())
