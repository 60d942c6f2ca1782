"""The queue benchmark's rows, shown: a table, a page, a plot."""

import math
import os
import platform
import time
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.queue_stage import requirements_of

Row = dict[str, Any]
#: key, heading, decimals, whether more is better; a dot leads into a nested figure.
COLUMNS = [
    ("enqueue_single_per_s", "enqueue, single /s", 0, True),
    ("enqueue_bulk_per_s", "enqueue, bulk /s", 0, True),
    ("drain_1_per_s", "drain, 1 process /s", 0, True),
    ("drain_1_acks_each_per_s", "the same, an ack each /s", 0, True),
    ("drain_2_per_s", "drain, 2 processes /s", 0, True),
    ("idle_p50_ms", "idle p50 ms", 2, False),
    ("idle_p99_ms", "idle p99 ms", 2, False),
    ("first_item_s", "first item s", 3, False),
    ("pss_mb", "worker PSS MB", 1, False),
    ("bytes_per_item", "bytes/item", 0, False),
    ("kill.lost", "kill: not done", 0, False),
    ("kill.twice", "kill: run twice", 0, False),
    ("kill.recovered_s", "kill: all done s", 1, False),
    ("redis_restart.lost", "Redis restart: not done", 0, False),
    ("redis_restart.twice", "Redis restart: run twice", 0, False),
    ("redis_restart.recovered_s", "Redis restart: all done s", 1, False),
]
PLOTS = ["enqueue_bulk_per_s", "drain_1_per_s", "drain_2_per_s", "idle_p50_ms", "first_item_s", "bytes_per_item"]
_NAME_PX, _BAR_PX, _ROW_PX, _GAP_PX = 80, 300, 20, 46


def machine(redis_version: str, *, rounds: int, watch_s: float) -> Row:
    """What the numbers were taken on, and how."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory_kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu,
        "vcpu": os.cpu_count(),
        "memory_gb": round(memory_kib / 1e6),
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "redis": redis_version,
        "load_1min_at_end": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "watch_s": watch_s,
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def value_of(row: Row, key: str) -> float | None:
    """A figure of a row, None where it has none."""
    found: Any = row
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def cell(row: Row, key: str, decimals: int) -> str:
    """A figure as shown: – was not measured, never is not within the time watched."""
    value = value_of(row, key)
    if value is None:
        is_watched = key.endswith(".recovered_s") and key.split(".")[0] in row
        return "never" if is_watched else "–"
    return f"{value:,.{decimals}f}"


def ratio(rows: list[Row], key: str, *, is_more_better: bool) -> str:
    """How many times better than the best other system ours is; below 1 it is worse."""
    ours = next((value_of(row, key) for row in rows if row["system"] == "ours"), None)
    others = [value for row in rows if row["system"] != "ours" and (value := value_of(row, key)) is not None]
    if ours is None or not others:
        return "–"
    best = max(others) if is_more_better else min(others)
    over, under = (ours, best) if is_more_better else (best, ours)
    return f"{over / under:.2f} ×" if under else "–"


def table(rows: list[Row]) -> list[list[str]]:
    """Heading row first; a line per figure, a column per system, then ours to the best peer."""
    shown = [column for column in COLUMNS if any(value_of(row, column[0].split(".")[0]) is not None for row in rows)]
    lines = [["", *(row["system"] for row in rows), "ours : best peer"]]
    for key, heading, decimals, is_more_better in shown:
        times = "" if key.startswith(("kill", "redis_restart")) else ratio(rows, key, is_more_better=is_more_better)
        lines.append([heading, *(cell(row, key, decimals) for row in rows), times])
    return lines


def print_table(rows: list[Row], about: Row) -> None:
    """On the terminal."""
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
        for error in row.get("errors", []):
            console.print(f"{row['system']}: {error}", markup=False)


def _sentence(about: Row) -> str:
    return (
        f"{about['date']}; {about['vcpu']} × {about['cpu']}, {about['memory_gb']} GB, Linux {about['kernel']}, "
        f"Python {about['python']}, redis-server {about['redis']} on loopback without persistence; "
        f"enqueue and drain are medians of {about['rounds']} rounds, the rest was taken once"
    )


def write_docs(folder: Path, rows: list[Row], about: Row) -> None:
    """queue-benchmark.md and queue-benchmark.svg in `folder`."""
    head, *lines = table(rows)
    folder.mkdir(parents=True, exist_ok=True)
    text = [
        "# The queue beside others",
        "",
        "Written by `python benchmarks/queue.py --docs docs`; do not edit.",
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
        "## How it was measured",
        "",
        "* Jobs do nothing but append a line to a file; their payload is about 441 bytes of JSON. Systems keep their default",
        "  settings, with one worker process (celery: one child), and take turns within each figure.",
        "* Enqueue: from a connected producer's first item to its last answer. Celery, dramatiq and huey have no bulk call.",
        "* Drain: items begun per second from a full queue, while all processes were at work. Ours acknowledges up to 50 items",
        "  in one call, after they have run; the line below it leases and acknowledges each by itself.",
        "* Idle: from just before a send to the job's first line, 200 sends 20–120 ms apart to a warm worker.",
        "* First item: from process start, with a full queue. PSS: of the worker and all it started, after the idle figure.",
        "* Kill: 200 jobs of 50 ms; the whole worker tree gets SIGKILL once 60 are done, the same command starts again 3 s",
        f"  later. “Not done” and “never” are within {about['watch_s']:.0f} s of the kill: some systems finish later, others do not.",
        "  Ours runs with a lease of 5 s and one item at a time here, which decides how soon it recovers; its default is 30 s.",
        "",
        "## Versions",
        "",
        *(f"* {row['system']}: {', '.join(requirements_of(row['system'])) or 'this repository'}" for row in rows),
    ]
    failed = [f"* {row['system']}: {error}" for row in rows for error in row.get("errors", [])]
    text += ["", "## What failed", "", *failed] if failed else []
    (folder / "queue-benchmark.md").write_text("\n".join(text) + "\n")
    (folder / "queue-benchmark.svg").write_text(plot(rows))


def plot(rows: list[Row]) -> str:
    """Bars on a logarithmic scale, a panel per figure, ours in colour."""
    panels = [column for column in COLUMNS if column[0] in PLOTS and any(value_of(row, column[0]) for row in rows)]
    panel_px = _GAP_PX + _ROW_PX * len(rows)
    width, height = 2 * (_NAME_PX + _BAR_PX + 90), panel_px * math.ceil(len(panels) / 2) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for at, (key, heading, decimals, is_more_better) in enumerate(panels):
        left, top = (at % 2) * width // 2 + 10, (at // 2) * panel_px + 24
        better = "more" if is_more_better else "less"
        parts.append(f'<text x="{left}" y="{top}" font-weight="bold">{escape(heading)} ({better} is better, log)</text>')
        values = [value for row in rows if (value := value_of(row, key))]
        low, high = math.log10(min(values)) - 0.3, math.log10(max(values))
        for line, row in enumerate(rows):
            y, value = top + 8 + line * _ROW_PX, value_of(row, key)
            long = (math.log10(value) - low) / max(1e-9, high - low) * _BAR_PX if value else 0
            colour = "#d9480f" if row["system"] == "ours" else "#868e96"
            parts.append(f'<text x="{left}" y="{y + 13}">{escape(row["system"])}</text>')
            parts.append(f'<rect x="{left + _NAME_PX}" y="{y + 2}" width="{long:.0f}" height="{_ROW_PX - 6}" fill="{colour}"/>')
            parts.append(f'<text x="{left + _NAME_PX + long + 4:.0f}" y="{y + 13}">{cell(row, key, decimals)}</text>')
    return "\n".join([*parts, "</svg>", ""])
