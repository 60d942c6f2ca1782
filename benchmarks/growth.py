"""Measures an ack that brings items of the next stage: none, a thousand, a hundred thousand, and in eight needs.

    python -m benchmarks.growth [--items N] [--rounds N] [--json]

Shows the server time of this one step, as counted by Redis; the sizes take turns, and medians are shown. Exits 1 if a target
is missed.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from benchmarks.queue.harness import RedisServer
from benchmarks.soak import MAX_RATIO
from benchmarks.targets import Target, exit_code, print_targets
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

_CONTAINER, _FEW, _NEEDS = "growth", 1_000, 8
_STEPS_BETWEEN = 50


def _items(count: int, needs: int) -> Iterator[WorkItem]:
    return (WorkItem(kind=f"kind{number % needs}", name=f"item{number}", payload={"number": number}) for number in range(count))


def _ack_us(queue: SceneQueue, job_id: str, count: int, needs: int) -> float:
    """Return the microseconds of server time for an ack that brings this many items."""
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), [_items(1, 1), None])
    (lease,) = queue.worker.lease(_CONTAINER, 1, serves=["kind0/1"])
    brought = {lease.token: queue.worker.grow(_CONTAINER, lease, _items(count, needs))} if count else {}
    result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done", container=_CONTAINER)
    # What staging has left for Lua to collect is no part of the ack's cost.
    for _ in range(_STEPS_BETWEEN):
        queue.worker.extend(_CONTAINER, [lease])
    client = queue._connection.client
    client.config_resetstat()
    if queue.worker.ack(_CONTAINER, [(lease, result)], brought):
        raise RuntimeError("the ack was refused")
    cost = float(client.info("commandstats")["cmdstat_evalsha"]["usec"])
    if queue.producer.status(job_id).counts.ready != count:
        raise RuntimeError("not all items are there")
    queue.producer.cancel(job_id)
    return cost


def measure(redis: RedisServer, items: int, rounds: int) -> tuple[dict[str, float], list[Target]]:
    """Return the medians in microseconds, and the targets."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=f"redis://127.0.0.1:{redis.port}/0"))
    sizes = {"nothing": (0, 1), f"{_FEW:,}": (_FEW, 1), f"{items:,}": (items, 1), f"{items:,} in {_NEEDS} needs": (items, _NEEDS)}
    taken: dict[str, list[float]] = {name: [] for name in sizes}
    # The first round warms the server up.
    for turn in track(range(rounds + 1), description="acks", transient=True):
        for at, (name, (count, needs)) in enumerate(sizes.items()):
            took_us = _ack_us(queue, f"job-{turn}-{at}", count, needs)
            if turn:
                taken[name].append(took_us)
    queue.close()
    cost = {name: statistics.median(values) for name, values in taken.items()}
    few, many = cost[f"{_FEW:,}"], cost[f"{items:,}"]
    return cost, [Target(f"ack that brings {items:,} items / {_FEW:,}", many / few, "≤", MAX_RATIO)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000, help="that the largest ack brings")
    parser.add_argument("--rounds", type=int, default=15, help="acks of each size")
    parser.add_argument("--json", action="store_true", help="print the figures and targets as one JSON document at the end")
    chosen = parser.parse_args()
    if min(chosen.items, chosen.rounds) < 1:
        parser.error("counts are at least 1")
    with tempfile.TemporaryDirectory(prefix="growth-") as folder, RedisServer(Path(folder)) as redis:
        cost, targets = measure(redis, chosen.items, chosen.rounds)
    print(", ".join(f"{name}: {value:.0f} µs" for name, value in cost.items()))
    print_targets(targets)
    if chosen.json:
        print(json.dumps({"ack_us": cost, "targets": [target.to_json() for target in targets]}, indent=2))
    return exit_code(targets)


if __name__ == "__main__":
    sys.exit(main())
