"""`python -m chaos`: violence against a whole Sceneburst on this machine, and a judgement at the end.

Real Redis with an append-only file, real dispatchers, workers, ffmpeg, and an S3 API behind a proxy that misbehaves. The seed
decides every draw; with the same seed, the same faults come in the same order, though not at the same microsecond.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chaos.cluster import ChaosCluster
from chaos.faults import FAULTS
from chaos.run import ChaosRun, Report

_SCRATCH = "size=64m,mode=700"


def main(
    seed: Annotated[int | None, typer.Option(help="Of every draw; else one is drawn, and printed.")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long the violence lasts.")] = 2.0,
    runs: Annotated[int, typer.Option(min=1, help="So many runs, with consecutive seeds.")] = 1,
    faults: Annotated[str, typer.Option(help=f"Which, comma-separated: {', '.join(FAULTS)}.")] = "",
    fleet: Annotated[str, typer.Option(help="process, or fargate for the simulated ECS.")] = "process",
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the judgements.")] = False,
) -> None:
    """Hit a whole Sceneburst until the time is over; exit 1 when a promise was broken."""
    chosen = [name for name in faults.split(",") if name] or list(FAULTS)
    if unknown := set(chosen) - set(FAULTS):
        raise typer.BadParameter(f"unknown fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    if fleet not in {"process", "fargate"}:
        raise typer.BadParameter(f"unknown fleet {fleet}; there are process and fargate")
    first = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    is_good = True
    for number in range(first, first + runs):
        print(f"chaos --seed {number} --minutes {minutes:g}", flush=True)
        report = one_run(number, minutes * 60, chosen, fleet, is_quiet=quiet)
        print(judgement(report), flush=True)
        is_good = is_good and not report.wrong
    raise typer.Exit(0 if is_good else 1)


def one_run(seed: int, seconds: float, faults: list[str], fleet: str = "process", *, is_quiet: bool = False) -> Report:
    """One run in a folder of its own; the logs of a run that broke a promise are kept."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    is_mounted = _mount(folder / "scratch")
    keep = False
    try:
        with ChaosCluster(folder, seed, fleet=fleet) as cluster:
            say = (lambda _line: None) if is_quiet else lambda line: print(line, flush=True)
            report = ChaosRun(cluster, seed, faults, say).run(seconds)
        keep = bool(report.wrong)
        if keep:
            print(f"logs are kept in {folder}", flush=True)
        return report
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder / "scratch")], check=False)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def judgement(report: Report) -> str:
    """The end of a run in words."""
    hits = ", ".join(f"{count} × {name}" for name, count in sorted(report.hits.items()))
    head = (
        f"seed {report.seed}: {len(report.jobs)} jobs, {report.scenes} scenes in {report.seconds:.0f} s; "
        f"{report.killed_producers} × kill-producer, {hits}"
    )
    if not report.wrong:
        return f"{head}\nevery promise held"
    return "\n".join([head, f"{len(report.wrong)} PROMISES BROKEN:", *(f"  {sentence}" for sentence in report.wrong[:50])])


def _mount(folder: Path) -> bool:
    """A small file system for the workers' scratch, where we may: only so can it be full."""
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or sys.platform != "linux":
        return False
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", _SCRATCH, "chaos", str(folder)], check=False, capture_output=True)
    return mounted.returncode == 0


if __name__ == "__main__":
    typer.run(main)
