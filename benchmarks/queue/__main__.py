"""The queue beside eight others: enqueue, drain, idle latency, memory, and what a kill costs.

Each system runs in an environment of its own; all share one Redis. Systems take turns within each figure and the order
turns with each round, so a slow minute of the machine falls on all of them. Ratios hold within a run; absolute numbers
hold only for the machine.
"""

import argparse
import collections
import contextlib
import json
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.queue.faults import container, kill, kill_default, on_own_redis, redis_restart
from benchmarks.queue.harness import RedisServer, Sizes, System, python_of, stopping
from benchmarks.queue.report import machine, print_table, write_docs
from benchmarks.queue.speed import drain_1_acks_each, drain_2, enqueue_single, fill_and_drain_1, idle
from benchmarks.queue.targets import queue_bars
from benchmarks.targets import print_bars

SYSTEMS = ["ours", "celery", "rq", "dramatiq", "huey", "arq", "saq", "taskiq", "streaq"]
#: What --figures picks from.
SPEED = {"enqueue": [enqueue_single], "drain": [fill_and_drain_1, drain_2, drain_1_acks_each], "idle": [idle]}
FAULTS = {"kill": kill, "kill-default": kill_default, "restart": redis_restart, "container": container}
#: Kill tests are mostly waiting, so so many share the machine.
FAULTS_AT_ONCE = 3
Row = dict[str, Any]
Readings = dict[str, list[Any]]


class Board:
    """The figures taken so far; a system that fails one keeps its others and says why."""

    def __init__(self, systems: list[str]) -> None:
        self._readings: dict[str, Readings] = {system: collections.defaultdict(list) for system in systems}
        self._errors: dict[str, list[str]] = {system: [] for system in systems}

    def take(self, system: str, name: str, figure: Callable[[], Row]) -> bool:
        """Add what `figure` measures; False when it failed."""
        print(f"{time.strftime('%H:%M:%S')} {name}: {system}", file=sys.stderr)
        try:
            for key, value in figure().items():
                self._readings[system][key].append(value)
        except Exception as error:  # one system's trouble is a line of its row, not the end
            self._errors[system].append(f"{name}: {error}"[:400])
            print(f"{system}: {name}: {error}"[:400], file=sys.stderr)
            return False
        return True

    def rows(self) -> list[Row]:
        """A row for each system: medians of what was taken more than once."""
        rows = []
        for system, readings in self._readings.items():
            row: Row = {"system": system, **{key: _settled(values) for key, values in readings.items()}}
            rows.append({**row, "error": "; ".join(self._errors[system])} if self._errors[system] else row)
        return rows


def _settled(readings: list[Any]) -> Any:
    if not isinstance(readings[0], float):
        return readings[-1]
    value = statistics.median(readings)
    return round(value) if value >= 100 else round(value, 3)


def measure_speed(board: Board, systems: list[System], sizes: Sizes, figures: list[str], rounds: int) -> None:
    """System after system; `idle` is taken once, the others once a round."""
    for turn in range(rounds):
        shift = turn % max(1, len(systems))
        for figure in (taken for name in figures if name in SPEED for taken in SPEED[name]):
            if turn and figure in SPEED["idle"]:
                continue
            for system in systems[shift:] + systems[:shift]:
                system.redis.call("FLUSHALL", "SYNC")
                name = f"{figure.__name__}, round {turn + 1} of {rounds}"
                board.take(system.name, name, lambda figure=figure, system=system: figure(system, sizes))


def measure_faults(board: Board, systems: list[System], sizes: Sizes, figures: list[str], folder: Path) -> None:
    """Several at once; when the run is broken off, all of them are taken down before this returns."""
    places = threading.Semaphore(FAULTS_AT_ONCE)
    planned = [(name, system) for name in figures if name in FAULTS for system in systems]
    with ThreadPoolExecutor(max(1, len(planned))) as pool, _stopping_on_error():
        running = [
            pool.submit(board.take, system.name, name, lambda f=FAULTS[name], s=system: on_own_redis(f, s, sizes, folder, places))
            for name, system in planned
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    defaults, every = Sizes(), [*SPEED, *FAULTS]
    parser.add_argument("--only", default=",".join(SYSTEMS), metavar="NAME,…", help=f"systems: {', '.join(SYSTEMS)}")
    parser.add_argument("--figures", default=",".join(every), metavar="NAME,…", help=f"what to measure: {', '.join(every)}")
    parser.add_argument("--json", action="store_true", help='print {"rows": […], "machine": {…}} and nothing else')
    parser.add_argument("--docs", type=Path, metavar="DIR", help="write queue-benchmark.md, .svg and .json there")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the enqueue and drain figures; medians are shown")
    parser.add_argument("--items", type=int, default=defaults.items, help="items of the bulk and drain figures")
    parser.add_argument("--single", type=int, default=defaults.single, help="calls of the single figure")
    parser.add_argument("--sends", type=int, default=defaults.sends, help="sends of the idle figure")
    parser.add_argument("--jobs", type=int, default=defaults.jobs, help="jobs of a kill test")
    parser.add_argument("--watch", type=float, default=defaults.watch_s, metavar="S", help="seconds to watch after a kill")
    parser.add_argument("--volatile", action="store_true", help="speed figures on a Redis without its append-only file")
    chosen = parser.parse_args()
    for option, known in (("only", SYSTEMS), ("figures", every)):
        names = list(dict.fromkeys(name.strip() for name in getattr(chosen, option).split(",") if name.strip()))
        if unknown := sorted(set(names) - set(known)):
            parser.error(f"--{option}: unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        if not names:
            parser.error(f"--{option}: nothing chosen")
        setattr(chosen, option, names)
    if min(chosen.rounds, chosen.items, chosen.single, chosen.sends, chosen.jobs) < 1:
        parser.error("counts are at least 1")
    return chosen


def _build(system: str) -> Row:
    python_of(system)
    return {}


def _interrupted(*_: object) -> None:
    # Once is enough: what follows takes everything down and must not be interrupted again.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Measure, print; see --help. 1 when a bar is missed."""
    chosen = arguments()
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    sizes = Sizes(items=chosen.items, single=chosen.single, sends=chosen.sends, jobs=chosen.jobs, watch_s=chosen.watch)
    board = Board(chosen.only)
    ready = [system for system in chosen.only if board.take(system, "environment", lambda system=system: _build(system))]
    with (
        tempfile.TemporaryDirectory(prefix="queue-benchmark-") as name,
        RedisServer(Path(name), is_volatile=chosen.volatile) as redis,
    ):
        systems = [System(system, redis, Path(name)) for system in ready]
        measure_speed(board, systems, sizes, chosen.figures, chosen.rounds)
        measure_faults(board, systems, sizes, chosen.figures, Path(name))
        about = machine(redis.info("server", "redis_version"))
    about |= {"redis_is_durable": not chosen.volatile, "rounds": chosen.rounds, **asdict(sizes)}
    rows = board.rows()
    if chosen.docs:
        write_docs(chosen.docs, rows, about)
    if chosen.json:
        print(json.dumps({"rows": rows, "machine": about}, indent=2))
    else:
        print_table(rows, about)
        print_bars(queue_bars(rows))
    return int(not all(bar.is_held for bar in queue_bars(rows)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
