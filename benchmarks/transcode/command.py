"""Measures what dividing a video costs and loses, beside whole runs of ffmpeg and the commands of two public designs.

    python -m benchmarks.transcode [--source FILE | --seconds S] [--rung 360p] [--only PART ...] [--json]

Parts: dividing (CPU time, reading and VMAF beside one whole run of one thread), sharing (renditions from one decode; two
workers), losses (frames, time and sound lost, beside the designs). Exits 1 if a target is missed. Wall times want a quiet
machine.
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.targets import Target, exit_code, print_targets
from benchmarks.transcode.dividing import measure_dividing
from benchmarks.transcode.losses import Loss, loss_targets, measure_losses
from benchmarks.transcode.sharing import measure_renditions, measure_two_workers
from benchmarks.transcode.whole_runs import make_source

_PARTS = ("dividing", "sharing", "losses")


def _table(losses: list[Loss]) -> Table:
    table = Table("clip", "design", "lost", "doubled", "longer ms", "gaps", "sound late ms", "CPU s")
    for each in losses:
        late = " to ".join(f"{value:.1f}" for value in each.late_ms)
        row = (each.clip, each.design, each.lost, each.doubled, f"{each.longer_ms:+.0f}", each.gaps, late, f"{each.cpu_s:.1f}")
        table.add_row(*map(str, row))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="video to transcode; one is made otherwise")
    parser.add_argument("--seconds", type=float, default=180, help="length of the one that is made")
    parser.add_argument("--rung", default="360p", help="rendition")
    parser.add_argument("--only", nargs="*", choices=_PARTS, default=_PARTS, help="parts that are measured")
    parser.add_argument("--json", action="store_true", help="print the figures and targets as one JSON document at the end")
    chosen = parser.parse_args()
    targets: list[Target] = []
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="transcode-") as name:
        folder = Path(name)
        source = chosen.source
        if source is None and "dividing" in chosen.only:
            source = folder / "source.mp4"
            make_source(source, chosen.seconds)
        if "dividing" in chosen.only:
            told["figures"], found = measure_dividing(source.absolute(), folder, chosen.rung)
            targets += found
            print(", ".join(f"{what}: {value:.2f}" for what, value in told["figures"].items()))
        if "sharing" in chosen.only:
            targets += [*measure_renditions(folder), *measure_two_workers(folder)]
        if "losses" in chosen.only:
            losses = list(measure_losses(folder))
            targets += loss_targets(losses)
            told["losses"] = [asdict(each) for each in losses]
            Console().print(_table(losses))
    print_targets(targets)
    if chosen.json:
        print(json.dumps({**told, "targets": [target.to_json() for target in targets]}, indent=2))
    return exit_code(targets)
