"""The queue benchmark's violence: the worker killed, Redis killed. Each system has a Redis of its own for it."""

import collections
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.queue.container import container_killed
from benchmarks.queue.harness import Log, RedisServer, Sizes, System, pause
from benchmarks.queue.speed import FIRST_LIMIT_S

#: The worker is killed with this share of the jobs done, each taking so long, and the same command starts after so long.
KILL_AFTER, WORK_S, RESTART_S = 0.3, 0.05, 3.0
REDIS_DOWN_S = 2.0
#: What every system is asked to recover within where it has a setting for it.
RECOVERY_S = 5.0
#: After all is done, so long is left for a second run of something to show.
SETTLE_S = 2.0
Row = dict[str, Any]


def _wait_for_ended(log: Log, count: int, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while len({number for _, number in log.read().ended}) < count and time.monotonic() < deadline:
        pause(0.02)


def _verdict(name: str, log: Log, jobs: int, killed_ns: int) -> Row:
    """What never ended, what began or ended more than once, and when the last one first ended."""
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


def _kill(name: str, system: System, sizes: Sizes, **more: str) -> Row:
    system.send("bulk", sizes.jobs, **more)
    log = system.new_log()
    with system.worker(log, **more) as worker:
        _wait_for_ended(log, round(sizes.jobs * KILL_AFTER), FIRST_LIMIT_S + sizes.jobs * WORK_S)
        if not log.ended:
            raise RuntimeError(f"no item ended: {system.last_words()}")
        worker.kill()
    killed_ns, killed = time.time_ns(), time.monotonic()
    log.read()
    in_flight = len({number for _, number in log.began} - {number for _, number in log.ended})
    pause(RESTART_S)
    with system.worker(log, **more):
        _wait_for_ended(log, sizes.jobs, sizes.watch_s - (time.monotonic() - killed))
        pause(SETTLE_S)
    return {**_verdict(name, log, sizes.jobs, killed_ns), f"{name}_in_flight": in_flight}


def kill(system: System, sizes: Sizes) -> Row:
    """Killed and started again 3 s later, with the settings that recover soonest: 5 s where there is one."""
    return _kill("kill", system, sizes, BENCH_WORK_S=str(WORK_S), BENCH_RECOVERY_S=str(RECOVERY_S))


def kill_default(system: System, sizes: Sizes) -> Row:
    """The same with every waiting time at its default."""
    return _kill("kill_default", system, sizes, BENCH_WORK_S=str(WORK_S))


def redis_restart(system: System, sizes: Sizes) -> Row:
    """Redis killed in mid-work and started 2 s later from its append-only file; the worker is left to itself."""
    more = {"BENCH_WORK_S": str(WORK_S), "BENCH_RECOVERY_S": str(RECOVERY_S)}
    system.send("bulk", sizes.jobs, **more)
    log = system.new_log()
    with system.worker(log, **more) as worker:
        _wait_for_ended(log, round(sizes.jobs * KILL_AFTER), FIRST_LIMIT_S + sizes.jobs * WORK_S)
        if not log.ended:
            raise RuntimeError(f"no item ended: {system.last_words()}")
        system.redis.kill()
        killed_ns, killed = time.time_ns(), time.monotonic()
        pause(REDIS_DOWN_S)
        system.redis.start()
        _wait_for_ended(log, sizes.jobs, sizes.watch_s - (time.monotonic() - killed))
        pause(SETTLE_S)
        is_gone = worker.process.poll() is not None
    return {**_verdict("restart", log, sizes.jobs, killed_ns), "restart_worker_exited": is_gone}


def container(system: System, _sizes: Sizes) -> Row:
    """A container of ours killed under the eyes of a dispatcher; no other system has one."""
    return container_killed(system.redis) if system.name == "ours" else {}


def on_own_redis(figure: Any, system: System, sizes: Sizes, folder: Path, places: threading.Semaphore) -> Row:
    """A figure on a fresh durable Redis, when there is a place for it."""
    with places, RedisServer(Path(tempfile.mkdtemp(dir=folder))) as redis:
        pause(0)
        return figure(System(system.name, redis, folder), sizes)
