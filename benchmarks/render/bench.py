"""Shared state of all figures of the render benchmark: the harness, the rows of the tables, the targets."""

from pathlib import Path
from typing import Any

from benchmarks.render.baselines.measured import RenderHarness
from benchmarks.render.harness import Cost
from benchmarks.targets import Target, print_targets

#: Length of the scenes that quality is measured on, without subtitles and watermark.
QUALITY_S = 10.0
#: Width to which the usual zoompan pipeline enlarges the picture first.
UPSCALED_PX = 8000
Row = dict[str, Any]


class Bench:
    """The results of a run so far.

    Args:
        folder: for media and videos.
        fast: a folder in memory, for raw frames.
        rounds: number of times that each command is timed.
        seconds: length of the timed scenes.
    """

    def __init__(self, folder: Path, fast: Path, rounds: int, seconds: float) -> None:
        self.folder, self.fast, self.rounds, self.seconds = folder, fast, rounds, seconds
        self.harness = RenderHarness(folder, fast)
        self.rows: list[Row] = []
        self.targets: list[Target] = []

    def check(self, what: str, value: float, sign: str, limit: float) -> None:
        """Hold a figure to its limit, and print the outcome."""
        self.targets.append(Target(what, value, sign, limit))
        print_targets(self.targets[-1:])

    def add_row(self, figure: str, contender: str, costs: list[Cost] | None = None, **more: float) -> Row:
        """Add a row with the medians of the costs and the other figures."""
        row: Row = {"figure": figure, "system": contender}
        if costs:
            row |= self.harness.medians(costs)
        self.rows.append({**row, **more})
        return self.rows[-1]
