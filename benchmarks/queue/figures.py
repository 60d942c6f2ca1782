"""Measures the chosen figures of all queues in turns: speed on one shared Redis, faults several at once."""

import contextlib
import functools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.queue.faults import container, kill, kill_default, on_own_redis, redis_restart
from benchmarks.queue.harness import Baseline, Sizes, stopping
from benchmarks.queue.results import Results
from benchmarks.queue.speed import drain_1_acks_each, drain_2, enqueue_single, fill_and_drain_1, idle, idle_among_many

SPEED = {"enqueue": [enqueue_single], "drain": [fill_and_drain_1, drain_2, drain_1_acks_each], "idle": [idle, idle_among_many]}
FAULTS = {"kill": kill, "kill-default": kill_default, "restart": redis_restart, "container": container}
#: Maximum number of fault figures at once; they mostly wait.
MAX_FAULTS_AT_ONCE = 3


def measure_speed(results: Results, baselines: list[Baseline], sizes: Sizes, figures: list[str], rounds: int) -> None:
    """Measure one queue after the other; `idle` once, the others once a round."""
    for turn in range(rounds):
        shift = turn % max(1, len(baselines))
        for figure in (each for name in figures if name in SPEED for each in SPEED[name]):
            if turn and figure in SPEED["idle"]:
                continue
            for baseline in baselines[shift:] + baselines[:shift]:
                baseline.redis.call("FLUSHALL", "SYNC")
                title = f"{figure.__name__}, round {turn + 1} of {rounds}"
                results.measure(baseline.name, title, functools.partial(figure, baseline, sizes))


def measure_faults(results: Results, baselines: list[Baseline], sizes: Sizes, figures: list[str], folder: Path) -> None:
    """Measure several at once; if the run is interrupted, all of them are stopped before this returns."""
    places = threading.Semaphore(MAX_FAULTS_AT_ONCE)
    planned = [(name, baseline) for name in figures if name in FAULTS for baseline in baselines]
    with ThreadPoolExecutor(max(1, len(planned))) as pool, _stopping_on_error():
        running = [
            pool.submit(
                results.measure,
                baseline.name,
                name,
                functools.partial(on_own_redis, FAULTS[name], baseline, sizes, folder, places),
            )
            for name, baseline in planned
        ]
        for future in running:
            future.result()


@contextlib.contextmanager
def _stopping_on_error() -> Iterator[None]:
    try:
        yield
    except BaseException:
        stopping.set()
        raise
