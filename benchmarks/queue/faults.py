"""Fault figures of the queue benchmark: the worker killed, Redis killed. Each queue has a Redis of its own."""

import collections
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.queue.container import container_killed
from benchmarks.queue.harness import Baseline, Log, RedisServer, Sizes, pause
from benchmarks.queue.speed import MAX_FIRST_ITEM_S

#: Share of the jobs done when the worker is killed; seconds of work of each job; seconds until the worker is restarted.
KILL_AFTER, WORK_S, RESTART_S = 0.3, 0.05, 3.0
REDIS_DOWN_S = 2.0
#: Time-outs of all queues that have a setting for them.
RECOVERY_S = 5.0
#: Wait after the last job, so that a second execution would show.
SETTLE_S = 2.0
Row = dict[str, Any]


def _wait_for_ended(log: Log, count: int, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while len({number for _, number in log.read().ended}) < count and time.monotonic() < deadline:
        pause(0.02)


def _verdict(name: str, log: Log, jobs: int, killed_ns: int) -> Row:
    """Count the jobs that never ended and those that began or ended more than once; measure the time until all had ended."""
    log.read()
    first_end = {number: at for at, number in sorted(log.ended, reverse=True)}
    lost = jobs - len(first_end)
    began = collections.Counter(number for _, number in log.began)
    ended = collections.Counter(number for _, number in log.ended)
    return {
        f"{name}_lost": lost,
        f"{name}_twice": sum(began.values()) - len(began),
        f"{name}_ended_twice": sum(ended.values()) - len(ended),
        f"{name}_recovered_s": None if lost else round((max(first_end.values()) - killed_ns) / 1e9, 1),
    }


def _wait_until_some_ended(baseline: Baseline, log: Log, sizes: Sizes) -> None:
    _wait_for_ended(log, round(sizes.jobs * KILL_AFTER), MAX_FIRST_ITEM_S + sizes.jobs * WORK_S)
    if not log.ended:
        raise RuntimeError(f"no item ended: {baseline.last_errors()}")


def _kill(name: str, baseline: Baseline, sizes: Sizes, **more: str) -> Row:
    baseline.send("bulk", sizes.jobs, **more)
    log = baseline.new_log()
    with baseline.worker(log, **more) as worker:
        _wait_until_some_ended(baseline, log, sizes)
        worker.kill()
    killed_ns, killed = time.time_ns(), time.monotonic()
    log.read()
    in_flight = len({number for _, number in log.began} - {number for _, number in log.ended})
    pause(RESTART_S)
    with baseline.worker(log, **more):
        _wait_for_ended(log, sizes.jobs, sizes.watch_s - (time.monotonic() - killed))
        pause(SETTLE_S)
    return {**_verdict(name, log, sizes.jobs, killed_ns), f"{name}_in_flight": in_flight}


def kill(baseline: Baseline, sizes: Sizes) -> Row:
    """Kill the worker and restart it 3 s later, with time-outs of 5 s where they can be set."""
    return _kill("kill", baseline, sizes, BENCH_WORK_S=str(WORK_S), BENCH_RECOVERY_S=str(RECOVERY_S))


def kill_default(baseline: Baseline, sizes: Sizes) -> Row:
    """Do the same with all time-outs at their defaults."""
    return _kill("kill_default", baseline, sizes, BENCH_WORK_S=str(WORK_S))


def redis_restart(baseline: Baseline, sizes: Sizes) -> Row:
    """Kill Redis in mid-work and restart it 2 s later from its append-only file; the worker is not restarted."""
    more = {"BENCH_WORK_S": str(WORK_S), "BENCH_RECOVERY_S": str(RECOVERY_S)}
    baseline.send("bulk", sizes.jobs, **more)
    log = baseline.new_log()
    with baseline.worker(log, **more) as worker:
        _wait_until_some_ended(baseline, log, sizes)
        baseline.redis.kill()
        killed_ns, killed = time.time_ns(), time.monotonic()
        pause(REDIS_DOWN_S)
        baseline.redis.start()
        _wait_for_ended(log, sizes.jobs, sizes.watch_s - (time.monotonic() - killed))
        pause(SETTLE_S)
        is_gone = worker.process.poll() is not None
    return {**_verdict("restart", log, sizes.jobs, killed_ns), "restart_worker_exited": is_gone}


def container(baseline: Baseline, _sizes: Sizes) -> Row:
    """Kill one of our containers while a dispatcher runs; the baselines have no such figure."""
    return container_killed(baseline.redis) if baseline.name == "ours" else {}


def on_own_redis(figure: Any, baseline: Baseline, sizes: Sizes, folder: Path, places: threading.Semaphore) -> Row:
    """Measure a figure on a fresh durable Redis, once there is a place."""
    with places, RedisServer(Path(tempfile.mkdtemp(dir=folder))) as redis:
        pause(0)
        return figure(Baseline(baseline.name, redis, folder), sizes)
