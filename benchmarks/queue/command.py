"""Compares the queue with eight others: enqueue, drain, idle latency, memory, and the cost of a kill.

Each queue runs in a virtual environment of its own; all share one Redis. Within each figure the queues take turns, and their
order rotates each round, so that a slow minute of the machine affects all of them. Ratios hold within a run; absolute numbers
hold only for the machine.
"""

import argparse
import functools
import json
import signal
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.queue.figures import FAULTS, SPEED, measure_faults, measure_speed
from benchmarks.queue.harness import Baseline, RedisServer, Sizes, python_of
from benchmarks.queue.report import machine, print_table, write_docs
from benchmarks.queue.results import Results, Row
from benchmarks.queue.targets import queue_targets
from benchmarks.targets import exit_code, print_targets

BASELINES = ["ours", "celery", "rq", "dramatiq", "huey", "arq", "saq", "taskiq", "streaq"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    defaults, every = Sizes(), [*SPEED, *FAULTS]
    parser.add_argument("--only", default=",".join(BASELINES), metavar="NAME,…", help=f"baselines: {', '.join(BASELINES)}")
    parser.add_argument("--figures", default=",".join(every), metavar="NAME,…", help=f"what to measure: {', '.join(every)}")
    parser.add_argument("--json", action="store_true", help='print {"rows": […], "machine": {…}} and nothing else')
    parser.add_argument("--docs", type=Path, metavar="DIR", help="write queue-benchmark.md, .svg and .json there")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the enqueue and drain figures; medians are shown")
    parser.add_argument("--items", type=int, default=defaults.items, help="items of the bulk and drain figures")
    parser.add_argument("--single", type=int, default=defaults.single, help="calls of the single figure")
    parser.add_argument("--sends", type=int, default=defaults.sends, help="sends of the idle figure")
    parser.add_argument("--workers", type=int, default=defaults.workers, help="idle workers of the figure with many of them")
    parser.add_argument("--jobs", type=int, default=defaults.jobs, help="jobs of a kill test")
    parser.add_argument("--watch", type=float, default=defaults.watch_s, metavar="S", help="seconds to watch after a kill")
    parser.add_argument("--volatile", action="store_true", help="speed figures on a Redis without its append-only file")
    chosen = parser.parse_args()
    for option, known in (("only", BASELINES), ("figures", every)):
        names = list(dict.fromkeys(name.strip() for name in getattr(chosen, option).split(",") if name.strip()))
        if unknown := sorted(set(names) - set(known)):
            parser.error(f"--{option}: unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        if not names:
            parser.error(f"--{option}: nothing chosen")
        setattr(chosen, option, names)
    if min(chosen.rounds, chosen.items, chosen.single, chosen.sends, chosen.workers, chosen.jobs) < 1:
        parser.error("counts are at least 1")
    return chosen


def _build(name: str) -> Row:
    python_of(name)
    return {}


def _interrupted(*_: object) -> None:
    # A second signal must not interrupt the clean-up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Measure and print; exit code 1 if a target was missed."""
    chosen = arguments()
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    sizes = Sizes(chosen.items, chosen.single, chosen.sends, chosen.workers, chosen.jobs, chosen.watch)
    results = Results(chosen.only)
    ready = [name for name in chosen.only if results.measure(name, "environment", functools.partial(_build, name))]
    with (
        tempfile.TemporaryDirectory(prefix="queue-benchmark-") as folder,
        RedisServer(Path(folder), is_volatile=chosen.volatile) as redis,
    ):
        baselines = [Baseline(name, redis, Path(folder)) for name in ready]
        measure_speed(results, baselines, sizes, chosen.figures, chosen.rounds)
        measure_faults(results, baselines, sizes, chosen.figures, Path(folder))
        about = machine(redis.info("server", "redis_version"))
    about |= {"redis_is_durable": not chosen.volatile, "rounds": chosen.rounds, **asdict(sizes)}
    rows = results.rows()
    if chosen.docs:
        write_docs(chosen.docs, rows, about)
    targets = queue_targets(rows)
    if chosen.json:
        print(json.dumps({"rows": rows, "machine": about}, indent=2))
    else:
        print_table(rows, about)
        print_targets(targets)
    return exit_code(targets)
