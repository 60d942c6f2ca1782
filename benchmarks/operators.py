"""Measures the operators' calls on 10,000 jobs and 50,000 dead letters: pages by two filters, the front view, and requeueing all
of a reason.

    python -m benchmarks.operators [--jobs N] [--letters N] [--json]

All run on a Redis with an append-only file, as in production. Exits 1 if a target is missed.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from redis import Redis
from rich.progress import Progress

from benchmarks.queue.harness import RedisServer
from benchmarks.targets import Target, report
from sceneburst.overview.facts import FactReader
from sceneburst.overview.view import overview_of
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings

_PAGE, _CALLS = 50, 40
#: Commands that the slow log keeps.
_LOGGED = 100_000
_CUSTOMERS = 20
_CONTAINER = "operators"
#: Most dead letters bear the first reason.
_REASONS = ("image_unreadable", "image_unreadable", "image_unreadable", "narration_missing", "object_missing")
_COMMAND_US = re.compile(r"cmdstat_(\w+(?:\|\w+)?):calls=\d+,usec=(\d+)")


def _fill(queue: SceneQueue, jobs: int, letters: int, report: Callable[[], None]) -> None:
    lanes = list(Lane)
    for number in range(jobs):
        has_letters = number % 2 == 0
        count = 2 * letters // jobs if has_letters else 1
        spec = JobSpec(
            job_id=check_job_id(f"job-{number}"), lane=lanes[number % 3], labels={"customer": f"c{number // 2 % _CUSTOMERS}"}
        )
        queue.producer.submit(spec, [[WorkItem(name=f"item{index}", payload={"index": index}) for index in range(count)]])
        if has_letters:
            _bury(queue, count, _REASONS[number // 2 % len(_REASONS)])
        report()


def _bury(queue: SceneQueue, count: int, reason: str) -> None:
    """Make dead letters of a job of so many items; those of the jobs that are left alone may be among them."""
    for lease in queue.worker.lease(_CONTAINER, count):
        queue.worker.fail(_CONTAINER, lease, "BadInput", Reason(reason, {"input": "image"}), transient=False)


def _redis_ms(redis: RedisServer, call: Callable[[], object]) -> float:
    """Measure the time of Redis's commands during a call, in ms; the median of some calls."""
    taken = []
    for _ in range(_CALLS):
        redis.call("CONFIG", "RESETSTAT")
        call()
        used = dict(_COMMAND_US.findall(redis.call("INFO", "commandstats").decode()))
        # Those of the measurement itself.
        taken.append(sum(int(us) for name, us in used.items() if not name.startswith(("config", "info"))) / 1000)
    return statistics.median(taken)


def _wall_ms(call: Callable[[], object]) -> float:
    """Measure the duration of a call, in ms; the median of some calls."""
    taken = []
    for _ in range(_CALLS):
        began_s = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(taken)


def _slowest_step_ms(redis: RedisServer) -> float:
    """Return the time of the slowest command since the log was last emptied, in ms."""
    with Redis(port=redis.port) as client:
        return max((entry["duration"] / 1000 for entry in client.slowlog_get(_LOGGED)), default=0.0)


def _seconds(steps: Iterator[object]) -> float:
    began = time.perf_counter()
    for _ in steps:
        pass
    return time.perf_counter() - began


def measure(redis: RedisServer, jobs: int, letters: int) -> list[Target]:
    """Measure all figures."""
    settings = SceneburstSettings.load(redis_url=f"redis://127.0.0.1:{redis.port}/0", indexed_labels=["customer"])
    queue = SceneQueue(settings)
    with Progress(transient=True) as progress:
        task = progress.add_task("enqueue, bury", total=jobs)
        _fill(queue, jobs, letters, lambda: progress.advance(task))
    counts = queue.inspect.reasons()
    wanted = max(counts, key=lambda reason: counts[reason])
    by_state = JobFilter(state=JobState.FAILED, labels={"customer": "c7"})
    by_lane = JobFilter(state=JobState.ACTIVE, lane=Lane.URGENT)
    by_reason = DeadFilter(reason=wanted, lane=Lane.BULK)
    pages = {
        f"jobs by state and label, page of {_PAGE}": lambda: queue.inspect.find_jobs(by_state, _PAGE),
        f"jobs by state and lane, page of {_PAGE}": lambda: queue.inspect.find_jobs(by_lane, _PAGE),
        f"dead letters by reason and lane, page of {_PAGE}": lambda: queue.inspect.find_dead(by_reason, _PAGE),
        "dead letters counted by reason": queue.inspect.reasons,
    }
    targets = [Target(f"{name}: ms of Redis", _redis_ms(redis, call), "≤", 1.0) for name, call in pages.items()]
    reader = FactReader(queue)
    looks = _redis_ms(redis, lambda: overview_of(reader.read()))
    targets.append(Target("front view: ms of Redis", looks, "≤", 3.0))
    targets.append(Target("front view: ms", _wall_ms(lambda: overview_of(reader.read())), "≤", 10.0))
    redis.call("CONFIG", "SET", "slowlog-log-slower-than", "1000")
    redis.call("CONFIG", "SET", "slowlog-max-len", str(_LOGGED))
    redis.call("SLOWLOG", "RESET")
    taken_s = _seconds(queue.operator.requeue_all(DeadFilter(reason=wanted), by="benchmark"))
    left = queue.inspect.reasons().get(wanted, 0)
    per_50_000 = taken_s * 50_000 / counts[wanted]
    print(f"{counts[wanted]:,} of {sum(counts.values()):,} dead letters requeued in {taken_s:.2f} s")
    return [
        *targets,
        Target("requeue 50,000 of a reason, s", per_50_000, "≤", 2.0),
        Target("its slowest step, ms", _slowest_step_ms(redis), "≤", 30.0),
        Target("dead letters left behind", left, "≤", 0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--letters", type=int, default=50_000)
    parser.add_argument("--json", action="store_true", help="print the targets as one JSON document at the end")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="operators-") as folder, RedisServer(Path(folder)) as redis:
        targets = measure(redis, chosen.jobs, chosen.letters)
    return report(targets, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
