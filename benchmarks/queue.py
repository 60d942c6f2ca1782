"""The queue beside eight others: enqueue, drain, idle latency, memory, and what a kill costs.

Each system runs in an environment of its own with its default settings, on one Redis. Systems take turns within each
figure and the order turns with each round, so a slow minute of the machine falls on all of them. Ratios hold within a
run; absolute numbers hold only for the machine.
"""

import sys

if __name__ == "__main__":
    # Run as a script, this file's folder would come first and this file would be the standard library's `queue`.
    sys.path[0] = __file__.rpartition("/benchmarks/")[0] or ".."

import argparse
import collections
import contextlib
import json
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.queue_report import machine, print_table, write_docs
from benchmarks.queue_stage import Log, RedisServer, System

SYSTEMS = ["ours", "celery", "rq", "dramatiq", "huey", "arq", "saq", "taskiq", "streaq"]
#: Items that the enqueue and drain figures are taken over.
SINGLE, BULK = 2_000, 20_000
#: A drain is cut after so long; its rate is that of what began until then.
DRAIN_LIMIT_S = 6.0
#: Nothing begun for so long after process start: the system does not work here.
FIRST_LIMIT_S = 20.0
SENDS = 200
#: The kill test: so many jobs of so long, killed when so many are done, the same command again after so long.
KILL, WORK_S, KILL_AFTER, RESTART_S = 200, 0.05, 60, 3.0
REDIS_DOWN_S = 2.0
#: After all is done, so long is left for a second run of something to show.
SETTLE_S = 2.0
Row = dict[str, Any]


def enqueue_single(system: System) -> Row:
    return {"enqueue_single_per_s": system.send("single", SINGLE)}


def fill(system: System) -> Row:
    """Bulk rate, and what a waiting item takes in Redis."""
    before = int(system.redis.info("memory", "used_memory"))
    rate = system.send("bulk", BULK)
    return {"enqueue_bulk_per_s": rate, "bytes_per_item": (int(system.redis.info("memory", "used_memory")) - before) / BULK}


def drain(system: System, processes: int, **more: str) -> tuple[float, float]:
    """Items per second while all `processes` were at work, and seconds from process start to the first item."""
    logs = [system.new_log() for _ in range(processes)]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(system.worker(log, **more)) for log in logs]
        deadline = time.monotonic() + FIRST_LIMIT_S
        is_begun = False
        while time.monotonic() < deadline and sum(len(log.read().began) for log in logs) < BULK:
            if not is_begun and any(log.began for log in logs):
                is_begun, deadline = True, time.monotonic() + DRAIN_LIMIT_S
            time.sleep(0.05)
    times = [sorted(at for at, _ in log.read().began) for log in logs]
    if not any(times):
        raise RuntimeError(f"no item began within {FIRST_LIMIT_S:.0f} s: {system.last_words()}")
    first_s = (min(at[0] for at in times if at) - workers[0].started_ns) / 1e9
    return rate_of(times), first_s


def rate_of(times: list[list[int]]) -> float:
    """Items per second between the last process's first item and the first process's last; all of it when that is short."""
    everything = sorted(at for one in times for at in one)
    if all(times):
        start, end = max(one[0] for one in times), min(one[-1] for one in times)
        within = [at for at in everything if start <= at <= end]
        if len(within) * 4 >= len(everything):
            everything = within
    return (len(everything) - 1) / max(1e-9, (everything[-1] - everything[0]) / 1e9)


def fill_and_drain_1(system: System) -> Row:
    row = fill(system)
    row["drain_1_per_s"], row["first_item_s"] = drain(system, 1)
    return row


def drain_2(system: System) -> Row:
    system.send("bulk", BULK)
    return {"drain_2_per_s": drain(system, 2)[0]}


def drain_1_acks_each(system: System) -> Row:
    """Ours alone: each item leased and acknowledged by a call of its own."""
    if system.name != "ours":
        return {}
    system.send("bulk", BULK)
    return {"drain_1_acks_each_per_s": drain(system, 1, BENCH_BATCH="1")[0]}


def idle(system: System) -> Row:
    """From just before a send to the job's first line, on a warm idle worker; then that worker's memory."""
    log = system.new_log()
    with system.worker(log) as worker:
        sent = {int(number): at for number, at in system.send("paced", SENDS, log=log).items()}
        time.sleep(1.0)
        memory = worker.pss_mb()
    began = {number: at for at, number in reversed(log.read().began)}
    waits = sorted((began[number] - at) / 1e6 for number, at in sent.items() if number in began)
    if len(waits) < SENDS * 0.9:
        raise RuntimeError(f"idle: {len(waits)} of {SENDS} items began: {system.last_words()}")
    return {"idle_p50_ms": statistics.median(waits), "idle_p99_ms": waits[int(len(waits) * 0.99) - 1], "pss_mb": memory}


def wait_for_ended(log: Log, count: int, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while len({number for _, number in log.read().ended}) < count and time.monotonic() < deadline:
        time.sleep(0.02)


def verdict(log: Log, killed_ns: int) -> Row:
    """What of the 200 never ended, what began more than once, and when the last one's first end was."""
    log.read()
    first_end = {number: at for at, number in sorted(log.ended, reverse=True)}
    lost = KILL - len(first_end)
    began = collections.Counter(number for _, number in log.began)
    recovered_s = None if lost else round((max(first_end.values()) - killed_ns) / 1e9, 1)
    return {"lost": lost, "twice": sum(count > 1 for count in began.values()), "recovered_s": recovered_s}


def kill(system: System, watch_s: float) -> Row:
    """The worker's tree killed in mid-work, the same command again 3 s later; `lost` is what was not done while watched."""
    system.send("bulk", KILL)
    log = system.new_log()
    with system.worker(log, BENCH_WORK_S=str(WORK_S)) as worker:
        wait_for_ended(log, KILL_AFTER, FIRST_LIMIT_S + KILL * WORK_S)
        worker.kill()
    killed_ns, killed = time.time_ns(), time.monotonic()
    before = len(log.read().ended)
    in_flight = len({number for _, number in log.began} - {number for _, number in log.ended})
    time.sleep(RESTART_S)
    with system.worker(log, BENCH_WORK_S=str(WORK_S)):
        wait_for_ended(log, KILL, watch_s - (time.monotonic() - killed))
        time.sleep(SETTLE_S)
    return {"kill": {**verdict(log, killed_ns), "done_before": before, "in_flight": in_flight}}


def redis_restart(system: System, watch_s: float, folder: Path) -> Row:
    """Redis killed in mid-work and started 2 s later from its append-only file; the worker is left to itself."""
    with RedisServer(Path(tempfile.mkdtemp(dir=folder)) / "redis", is_durable=True) as redis:
        system = System(system.name, redis, folder)
        system.send("bulk", KILL)
        log = system.new_log()
        with system.worker(log, BENCH_WORK_S=str(WORK_S)) as worker:
            wait_for_ended(log, KILL_AFTER, FIRST_LIMIT_S + KILL * WORK_S)
            redis.kill()
            killed_ns, killed = time.time_ns(), time.monotonic()
            time.sleep(REDIS_DOWN_S)
            redis.start()
            wait_for_ended(log, KILL, watch_s - (time.monotonic() - killed))
            time.sleep(SETTLE_S)
            exited = worker.process.poll() is not None
    return {"redis_restart": {**verdict(log, killed_ns), "worker_exited": exited}}


def settle(readings: list[Any]) -> Any:
    """The median of a figure's rounds; what was taken once stays as it is."""
    if not isinstance(readings[0], float):
        return readings[-1]
    value = statistics.median(readings)
    return round(value) if value >= 100 else round(value, 3)


def measure(systems: list[System], figures: list[tuple[Callable[[System], Row], int]]) -> list[Row]:
    """A row each; a system that fails a figure keeps its other ones and says why."""
    readings: dict[str, dict[str, list[Any]]] = {system.name: collections.defaultdict(list) for system in systems}
    errors: dict[str, list[str]] = collections.defaultdict(list)
    for turn in range(max(rounds for _, rounds in figures)):
        for figure, rounds in figures:
            if turn >= rounds:
                continue
            shift = turn % len(systems)
            for system in systems[shift:] + systems[:shift]:
                system.redis.call("FLUSHALL", "SYNC")
                name = getattr(figure, "__name__", "figure")
                print(f"{time.strftime('%H:%M:%S')} round {turn + 1}: {name}: {system.name}", file=sys.stderr)
                try:
                    for key, value in figure(system).items():
                        readings[system.name][key].append(value)
                except (RuntimeError, OSError, ValueError) as error:
                    errors[system.name].append(f"{name}: {error}"[:400])
    rows: list[Row] = []
    for name, figures_of in readings.items():
        row: Row = {"system": name, **{key: settle(values) for key, values in figures_of.items()}}
        rows.append({**row, "errors": errors[name]} if errors[name] else row)
    return rows


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--only", default=",".join(SYSTEMS), metavar="NAME,…", help="systems, separated by commas")
    parser.add_argument("--json", action="store_true", help='print {"rows": […], "machine": {…}}')
    parser.add_argument("--docs", type=Path, metavar="DIR", help="write queue-benchmark.md and its plot there")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the enqueue and drain figures; medians are shown")
    parser.add_argument("--watch", type=float, default=30.0, metavar="S", help="seconds to watch after a kill")
    parser.add_argument("--redis-restart", action="store_true", help="also kill and restart Redis in mid-work")
    chosen = parser.parse_args()
    chosen.only = list(dict.fromkeys(name.strip() for name in chosen.only.split(",") if name.strip()))
    if unknown := sorted(set(chosen.only) - set(SYSTEMS)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    if not chosen.only or chosen.rounds < 1:
        parser.error("nothing to measure")
    return chosen


def main() -> None:
    """Measure, print; see --help."""
    chosen = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="queue-benchmark-") as name, RedisServer(Path(name) / "redis") as redis:
        folder = Path(name)
        systems = [System(system, redis, folder) for system in chosen.only]

        def killed(system: System) -> Row:
            return kill(system, chosen.watch)

        def restarted(system: System) -> Row:
            return redis_restart(system, chosen.watch, folder)

        often = [(figure, chosen.rounds) for figure in (enqueue_single, fill_and_drain_1, drain_2, drain_1_acks_each)]
        rows = measure(systems, [*often, (idle, 1), (killed, 1), *([(restarted, 1)] if chosen.redis_restart else [])])
        about = machine(redis.info("server", "redis_version"), rounds=chosen.rounds, watch_s=chosen.watch)
    if chosen.docs:
        write_docs(chosen.docs, rows, about)
    if chosen.json:
        print(json.dumps({"rows": rows, "machine": about}, indent=2))
    else:
        print_table(rows, about)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
