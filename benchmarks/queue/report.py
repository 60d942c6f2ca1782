"""Shows the queue benchmark's rows as a table, a page and a plot."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from benchmarks.queue.harness import constant_of, requirements_of
from benchmarks.queue.targets import queue_targets
from benchmarks.targets import target_rows

Row = dict[str, Any]
#: Key, heading, decimals, True if more is better (None: no ratio is shown).
COLUMNS: list[tuple[str, str, int, bool | None]] = [
    ("enqueue_single_per_s", "enqueue, single /s", 0, True),
    ("enqueue_bulk_per_s", "enqueue, bulk /s", 0, True),
    ("drain_1_per_s", "drain, 1 process /s", 0, True),
    ("drain_1_acks_each_per_s", "the same, an ack for each item /s", 0, True),
    ("drain_2_per_s", "drain, 2 processes /s", 0, True),
    ("idle_p50_ms", "idle latency p50 ms", 2, False),
    ("idle_p99_ms", "idle latency p99 ms", 2, False),
    ("idle_many_p50_ms", "idle latency among many workers p50 ms", 2, None),
    ("idle_many_steps_per_item", "… steps of all workers for an item", 1, None),
    ("first_item_s", "first item after process start s", 3, False),
    ("pss_mb", "worker PSS MB", 1, False),
    ("bytes_per_item", "bytes per waiting item", 0, False),
    ("bytes_left_per_item", "bytes left per done item", 0, None),
    ("kill_in_flight", "worker killed, 5 s: in flight", 0, None),
    ("kill_lost", "… not done", 0, None),
    ("kill_twice", "… extra runs", 0, None),
    ("kill_ended_twice", "… ended twice", 0, None),
    ("kill_recovered_s", "… all done s", 1, None),
    ("kill_default_in_flight", "worker killed, defaults: in flight", 0, None),
    ("kill_default_lost", "… not done", 0, None),
    ("kill_default_twice", "… extra runs", 0, None),
    ("kill_default_recovered_s", "… all done s", 1, None),
    ("container_killed_seen_s", "… a dispatcher sees it: held items given back s", 1, None),
    ("restart_lost", "Redis restarted: not done", 0, None),
    ("restart_twice", "… extra runs", 0, None),
    ("restart_recovered_s", "… all done s", 1, None),
    ("restart_worker_exited", "… worker left running", 0, None),
]
PLOTS = ["enqueue_bulk_per_s", "drain_1_per_s", "idle_p50_ms", "first_item_s", "kill_recovered_s", "kill_default_recovered_s"]
_PLOT_TITLES = {
    "kill_recovered_s": "worker killed, 5 s lease: all done s",
    "kill_default_recovered_s": "worker killed, defaults: all done s",
}


def machine(redis_version: str) -> Row:
    """Describe the machine of the measurement."""
    models = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory_kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": models[0] if models else platform.machine(),
        "vcpu": os.cpu_count(),
        "memory_gb": round(memory_kib * 1024 / 1e9),
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "redis": redis_version,
        "load_1min_at_end": round(os.getloadavg()[0], 1),
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def cell(row: Row, key: str, decimals: int) -> str:
    """Format a figure: "–" if it was not measured, "never" if it did not happen within the time limit."""
    value = row.get(key)
    if isinstance(value, bool):
        return "no" if value else "yes"
    if value is None:
        return "never" if key in row else "–"
    return f"{value:,.{decimals}f}"


def ratio(rows: list[Row], key: str, *, is_more_better: bool) -> str:
    """Format how many times better ours is than the best baseline; below 1 it is worse.

    Our drain with an ack for each item is compared with the only drain of the baselines.
    """
    theirs = key.replace("_acks_each", "")
    ours = next((row.get(key) for row in rows if row["system"] == "ours"), None)
    others = [row[theirs] for row in rows if row["system"] != "ours" and row.get(theirs)]
    if not ours or not others:
        return "–"
    return f"{ours / max(others):.2f} ×" if is_more_better else f"{min(others) / ours:.2f} ×"


def table(rows: list[Row]) -> list[list[str]]:
    """Return the heading row, then a line per figure: a column per baseline, then ours relative to the best one."""
    lines = [["", *(row["system"] for row in rows), "ours : best baseline"]]
    for key, heading, decimals, is_more_better in COLUMNS:
        if any(key in row for row in rows):
            times = "" if is_more_better is None else ratio(rows, key, is_more_better=is_more_better)
            lines.append([heading, *(cell(row, key, decimals) for row in rows), times])
    return lines


def print_table(rows: list[Row], about: Row) -> None:
    """Print the table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    head, *lines = table(rows)
    view = Table(title="Queue benchmark", caption=_sentence(about))
    for at, heading in enumerate(head):
        view.add_column(heading, justify="right" if at else "left", style="bold" if heading == "ours" else None)
    for line in lines:
        view.add_row(*line)
    console = Console()
    console.print(view)
    for row in rows:
        if "error" in row:
            console.print(f"{row['system']}: {row['error']}", markup=False)


def _sentence(about: Row) -> str:
    persistence = "appendonly everysec" if about["redis_is_durable"] else "without persistence"
    return (
        f"{about['date']}; {about['vcpu']} × {about['cpu']}, {about['memory_gb']} GB, Linux {about['kernel']}, "
        f"Python {about['python']}, redis-server {about['redis']} on loopback, {persistence}; "
        f"enqueue and drain are medians of {about['rounds']} rounds, the rest was taken once"
    )


_HOW = """## How it was measured

* A job only appends a line to a file. Its payload is 441 bytes of JSON. Systems take turns within each figure.
* One worker process each (celery: one child; dramatiq: eight threads; the others with their defaults), with hiredis
  for clients that use redis-py. Redis syncs its append-only file each second, for every baseline.
* Every system acknowledges after the work, and retries the jobs of a killed worker, if it can:

{settings}

* Enqueue: from a connected producer's first item to its last answer, {single:,} items one call each (ours: a job each),
  {items:,} in bulk. Celery, dramatiq and huey have no bulk call.
* Drain: items begun per second from a full queue, while all processes were at work, for {drain_s:.0f} s at most. Ours acks
  up to 100 finished items and leases the next ones in the same call; in the line below, each item is acked by its own call.
* Idle: from just before a send to the job's first line, {sends} sends 20–120 ms apart to a warm worker.
  Among many: the same with {workers} workers waiting, ours alone. One wakes for a send: it leases, works, and hands in.
* First item: from process start, with a full queue. PSS: of the worker and all it started, after the idle figure.
  Ours is the queue under a plain loop.
* Bytes: what Redis's used_memory grew by, over the items; “left” is after the drain, with results where results are kept.
* Worker killed: {jobs} jobs of 50 ms; the whole worker tree gets SIGKILL once {killed_at:.0f} are done, the same command
  is started again 3 s later. “Not done” and “never” are within {watch_s:.0f} s of the kill: some systems finish later, others do
  not. First with time-outs of 5 s where there are such settings, then with all defaults.
  The remaining jobs take 140 × 50 ms if they run one by one, so at least 10 s in total.
* In these two figures ours has no dispatcher. The line below them shows a whole Sceneburst with default settings and forty small
  scenes, with one of its two containers killed.
* Redis restarted: SIGKILL during work, restarted 2 s later from its file; the worker is not restarted.
"""


def write_docs(folder: Path, rows: list[Row], about: Row) -> None:
    """Write queue-benchmark.md, its plot and its numbers to `folder`."""
    from benchmarks.queue.speed import DRAIN_LIMIT_S

    head, *lines = table(rows)
    folder.mkdir(parents=True, exist_ok=True)
    names = [row["system"] for row in rows]
    settings = "\n".join(f"  * {name}: {constant_of(name, 'SETTINGS')}" for name in names)
    text = [
        "# The queue beside others",
        "",
        "Written by `make bench-queue`; do not edit. [The numbers](queue-benchmark.json).",
        "",
        f"{_sentence(about)}. One-minute load average at the end: {about['load_1min_at_end']}.",
        "",
        "![Six of the figures as bars](queue-benchmark.svg)",
        "",
        "| " + " | ".join(head) + " |",
        "|---" + "|---:" * (len(head) - 1) + "|",
        *("| " + " | ".join(line) + " |" for line in lines),
        "",
        "The ratio is above 1 where ours is better. – was not measured.",
        "",
        "| promised of ours | measured | bar | |",
        "|---|---:|---:|---|",
        target_rows(queue_targets(rows)),
        "",
        _HOW.format(settings=settings, drain_s=DRAIN_LIMIT_S, killed_at=about["jobs"] * 0.3, **about),
        "## Versions",
        "",
        *(f"* {name}: {', '.join(requirements_of(name)) or 'this repository'}" for name in names),
    ]
    failed = [f"* {row['system']}: {row['error']}" for row in rows if "error" in row]
    text += ["", "## What failed", "", *failed] if failed else []
    (folder / "queue-benchmark.md").write_text("\n".join(text) + "\n")
    plot(folder / "queue-benchmark.svg", rows)
    (folder / "queue-benchmark.json").write_text(json.dumps({"rows": rows, "machine": about}, indent=2) + "\n")


def plot(path: Path, rows: list[Row]) -> None:
    """Plot bars on a logarithmic scale, a panel per figure, ours in colour."""
    # Imported here, because only --docs needs the plotting library.
    from benchmarks.plots import Panel, write_bars

    panels = []
    for key, heading, decimals, is_more_better in COLUMNS:
        values = {row["system"]: float(row[key]) for row in rows if row.get(key)}
        if key in PLOTS and values:
            title = f"{_PLOT_TITLES.get(key, heading)} ({'more' if is_more_better else 'less'} is better)"
            panels.append(Panel(title, values, f"{{:,.{decimals}f}}", is_log=True))
    write_bars(path, panels)
