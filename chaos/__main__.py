"""`python -m chaos` injects faults into a whole Sceneburst on this machine, and checks every promise at the end.

It runs a real Redis with an append-only file, real dispatchers, workers and ffmpeg, and an S3 API behind a faulty proxy.

A seed replays the times and draws of the faults, the content of every job, the point of a submission at which its
producer is killed, and the clock error of the n-th container. It does not replay the running program that a draw selects,
the number of jobs, the failing requests to S3, or any decision of threads, the kernel and other programs.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chaos.cluster import ChaosCluster
from chaos.faults.catalogue import FAULTS, MOVE_CLOCK, faults_of
from chaos.run import ChaosRun
from chaos.schedule import has_movable_clock
from chaos.series import Outcome, run_all, summary, without_effect
from tests.support.faketime import why_fixed

_SCRATCH = "size=64m,mode=700"
_FLEETS = {"process": ("process",), "fargate": ("fargate",), "both": ("process", "fargate")}


def main(
    seed: Annotated[int | None, typer.Option(help="Seed of all draws; without it one is drawn and printed.")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes for which faults are injected.")] = 2.0,
    runs: Annotated[int, typer.Option(min=1, help="Number of runs, with consecutive seeds.")] = 1,
    parallel: Annotated[int, typer.Option(min=1, help="Number of parallel runs.")] = 1,
    faults: Annotated[str, typer.Option(help=f"Faults to inject, comma-separated: {', '.join(FAULTS)}.")] = "",
    fleet: Annotated[str, typer.Option(help="process, fargate (a simulated ECS), or both in turns.")] = "process",
    keep: Annotated[Path, typer.Option(help="Folder for the files of a run that broke a promise.")] = Path("output/chaos"),
    report: Annotated[Path | None, typer.Option(help="Also write the outcome to this file, as JSON.")] = None,
    all_must_tell: Annotated[bool, typer.Option("--all-must-tell", help="Also fail if a fault never had an effect.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the verdicts.")] = False,
) -> None:
    """Inject faults into a whole Sceneburst until the time is over; exit 1 if a promise was broken."""
    chosen = [name for name in faults.split(",") if name] or list(FAULTS)
    if unknown := set(chosen) - set(FAULTS):
        raise typer.BadParameter(f"unknown fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    if MOVE_CLOCK in chosen and (why := why_fixed()):
        print(f"left out: {MOVE_CLOCK}, as {why}", flush=True)
        chosen.remove(MOVE_CLOCK)
    if fleet not in _FLEETS:
        raise typer.BadParameter(f"unknown fleet {fleet}; there are {', '.join(_FLEETS)}")
    # SIGTERM, as from `timeout`, raises SystemExit, so that programs, mounts and folders are cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    first = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    fleets = _FLEETS[fleet]
    if runs == 1:
        print(f"chaos --seed {first} --minutes {minutes:g} --fleet {fleets[0]}", flush=True)
        outcomes = [one_run(first, minutes * 60, chosen, fleets[0], keep, is_quiet=quiet)]
        for sentence in outcomes[0].wrong[:50]:
            print(f"  {sentence}", flush=True)
    else:
        seeds = [(first + number, fleets[number % len(fleets)]) for number in range(runs)]
        print(f"chaos --seed {first} --runs {runs} --minutes {minutes:g} --fleet {fleet}", flush=True)
        arguments = ["--minutes", str(minutes), "--faults", ",".join(chosen)]
        outcomes = run_all(seeds, arguments, parallel, keep, lambda line: print(line, flush=True))
    print(summary(outcomes), flush=True)
    if report is not None:
        report.write_text(outcomes[0].to_json())
    idle = without_effect(outcomes, chosen)
    print(f"without an effect: {', '.join(idle) or 'none'}", flush=True)
    is_good = not any(outcome.wrong for outcome in outcomes) and not (all_must_tell and idle)
    raise typer.Exit(0 if is_good else 1)


def one_run(seed: int, seconds: float, faults: list[str], fleet: str, keep: Path, *, is_quiet: bool = False) -> Outcome:
    """Run one seed in a folder of its own; keep its files if it broke a promise."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    is_mounted = _mount(folder / "scratch")
    try:
        has_clock = MOVE_CLOCK in faults and (len(faults) == 1 or has_movable_clock(seed))
        with ChaosCluster(folder, seed, fleet=fleet, has_clock=has_clock) as cluster:
            print_line = (lambda _line: None) if is_quiet else lambda line: print(line, flush=True)
            possible = [name for name in faults if name in faults_of(fleet) and (has_clock or name != MOVE_CLOCK)]
            outcome = Outcome.of(ChaosRun(cluster, seed, possible, print_line).run(seconds))
        print(outcome.line(), flush=True)
        if outcome.wrong:
            kept = keep / str(seed)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.sock", "media", "scratch"))
            print(f"its files are kept in {kept}", flush=True)
        return outcome
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder / "scratch")], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _mount(folder: Path) -> bool:
    """Mount a small file system for the workers' scratch space, so that it can be filled; False if this user may not."""
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or sys.platform != "linux":
        return False
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", _SCRATCH, "chaos", str(folder)], check=False, capture_output=True)
    return mounted.returncode == 0


if __name__ == "__main__":
    typer.run(main)
