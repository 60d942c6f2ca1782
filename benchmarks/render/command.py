"""Compares rendering with the usual pipelines: time, memory, quality, steadiness; `make bench-render`.

    python -m benchmarks.render [--figures NAME,…] [--rounds N] [--seconds S] [--json] [--docs FOLDER]

All contenders render the same scenes in turns: generated detailed pictures of 2, 6 and 12 megapixels, 1080p at 30 frames a
second, a slow zoom, subtitles and a watermark. Ratios hold within a run; absolute times only for the machine. Exits 1 if a
target is missed.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.render.bench import QUALITY_S, Bench
from benchmarks.render.encoder_settings import compare_settings
from benchmarks.render.figures.baselines import baselines
from benchmarks.render.figures.capacity import busy, memory, slots, static
from benchmarks.render.figures.quality import quality
from benchmarks.render.figures.speed import speed
from benchmarks.render.harness import make_scene
from benchmarks.render.report import write_docs
from benchmarks.targets import exit_code

#: Raw frames of the longest scene.
MIN_FREE_BYTES = 2.5e9


def encoder_settings(bench: Bench) -> None:
    """Compare encoder settings by time, size and quality. None has a target: the defaults are chosen from the plot."""
    bench.rows += compare_settings(bench.harness, make_scene(bench.folder, 6, QUALITY_S), min(2, bench.rounds))


FIGURES: dict[str, Callable[[Bench], None]] = {
    "speed": speed, "rivals": baselines, "quality": quality, "static": static,
    "slots": slots, "memory": memory, "busy": busy, "front": encoder_settings,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", default=",".join(FIGURES), help=f"which, comma-separated: {', '.join(FIGURES)}")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each; medians are shown")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the timed scenes")
    parser.add_argument("--json", action="store_true", help="print rows and bars as one JSON document at the end")
    parser.add_argument("--docs", type=Path, help="folder to write rendering.md and its pictures to")
    chosen = parser.parse_args()
    names = [name for name in chosen.figures.split(",") if name]
    if unknown := sorted(set(names) - set(FIGURES)):
        parser.error(f"--figures: unknown: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    in_memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(prefix="render-benchmark-") as folder,
        tempfile.TemporaryDirectory(prefix="render-benchmark-", dir=in_memory if os.access(in_memory, os.W_OK) else None) as fast,
    ):
        if shutil.disk_usage(fast).free < MIN_FREE_BYTES:
            parser.error(f"{fast} has less than 2.5 GB free, which raw frames need")
        bench = Bench(Path(folder), Path(fast), chosen.rounds, chosen.seconds)
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            FIGURES[name](bench)
    if chosen.docs:
        write_docs(chosen.docs, bench.rows, bench.targets)
    if chosen.json:
        print(json.dumps({"rows": bench.rows, "bars": [target.to_json() for target in bench.targets]}, indent=2))
    return exit_code(bench.targets)
