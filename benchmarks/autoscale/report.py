"""Shows the autoscaling benchmark's rows as a table, a page and a plot."""

from pathlib import Path

from benchmarks.autoscale.outcome import Outcome
from benchmarks.targets import Target, print_targets, target_rows

Rows = dict[tuple[str, str], Outcome]


_HEADINGS = ("load", "controller", "makespan", "p90 job", "slowest", "dollars", "idle", "starting", "containers", "at once")


def lines_of(rows: Rows) -> list[list[str]]:
    """Return the heading, then a line per load and controller."""
    lines = [list(_HEADINGS)]
    for (load, who), row in rows.items():
        seconds = [f"{each:,.0f} s" if each else "–" for each in (row.makespan_s, row.job_p90_s, row.job_worst_s)]
        shares = [f"{row.idle_share:.1%}", f"{row.start_share:.1%}"]
        lines.append([load, who, *seconds, f"{row.usd:.3f}", *shares, f"{row.containers:,}", f"{row.most_at_once:,}"])
    return lines


def print_table(rows: Rows, judged: list[Target]) -> None:
    """Print the table on the terminal."""
    head, *lines = lines_of(rows)
    widths = [max(len(line[at]) for line in [head, *lines]) for at in range(len(head))]
    for line in [head, *lines]:
        print("  ".join(cell.ljust(widths[at]) if at < 2 else cell.rjust(widths[at]) for at, cell in enumerate(line)))
    print()
    print_targets(judged)


def write_docs(folder: Path, rows: Rows, judged: list[Target], seeds: int) -> None:
    """Write autoscaling.md and autoscaling.svg to `folder`."""
    # Imported here, because only --docs needs the plotting library.
    from benchmarks.plots import write_steps

    head, *lines = lines_of(rows)
    table = [head, ["---"] * 2 + ["---:"] * (len(head) - 2), *lines]
    text = _PAGE.format(
        seeds=seeds,
        table="\n".join("| " + " | ".join(line) + " |" for line in table),
        bars=target_rows(judged),
    )
    (folder / "autoscaling.md").write_text(text)
    shown = {load: {who: row.counts for (of, who), row in rows.items() if of == load} for load in ("four peaks", "sawtooth")}
    write_steps(folder / "autoscaling.svg", shown, "containers")


_PAGE = """# Autoscaling, measured

Written by `make bench-autoscale`. It runs the real `plan` and `find_reapable` in a simulated Fargate: start-up 30 to 60 s
(log-normal), one container in 200 never starts and half of those hang, Spot takes one every eight hours and gives two
minutes, 100 launches at once and 20 a second after that, lengths of scenes log-normal or heavy-tailed. The planner has no more
knowledge than in reality: work differs from weight, and reports are one tick old. The alternatives run with the same random
draws: a static split (the script that Sceneburst replaces distributes all scenes at once), target tracking on backlog per
container, KEDA-style lag scaling, and the clairvoyant bound: as many containers, launched at once, none failing, work divided
without loss. Dollars are on-demand list prices; start-up is paid for. The table shows the first of {seeds} seeds.

{table}

Makespan ends with the last scene of all; “p90 job” and “slowest” are times from a job's arrival to its last scene. “Idle” is the
share of the paid slot-seconds after the start without work, “starting” the share of the paid seconds before the start.
The day, the trickle and the sawtooth run under `SCENEBURST_POLICY=deadline` with 600 s, the bursts under `batch`.

![Containers over time](autoscaling.svg)

Each target is checked against the worst of the seeds:

| | measured | target | |
|---|---:|---:|---|
{bars}

Conclusions:

* A burst is limited by the number of containers, so any controller that soon reaches this number is nearly as fast; with
  small leases, longest scene first, all containers end together.
* Many containers for little work waste money, because a start costs 45 s: the fewest containers that meet a deadline cost a
  third less than a split that is no faster.
* When a worker prefetched a third item for two slots, long scenes waited behind longer ones, and the heavy tail took up to 1.6
  times as long as the split. Now the next item is leased only shortly before a slot is free.
* On a trickle, the paid minute and the start-up are most of the cost with every controller.
"""
