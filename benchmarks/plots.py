"""Draws the benchmarks' plots (bars, lines over time, points) as SVG files, identical for identical figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

OURS, THEIRS = "#d9480f", "#868e96"
mpl.rcParams |= {"svg.hashsalt": "sceneburst", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
#: Without a date, so that a file changes only when the figures do.
_METADATA = {"Date": None, "Creator": None}


@dataclass(frozen=True)
class Panel:
    """One figure of several contenders as bars, ours in colour."""

    title: str
    values: Mapping[str, float]
    #: Format of the label at a bar.
    form: str = "{:,.0f}"
    is_log: bool = False


def write_bars(path: Path, panels: Sequence[Panel], columns: int = 2) -> None:
    """Write all panels to an SVG; bars whose name begins with "ours" are coloured."""
    rows = -(-len(panels) // columns)
    most = max(len(panel.values) for panel in panels)
    figure = Figure(figsize=(5.2 * columns, rows * (0.7 + 0.24 * most)), layout="constrained")
    for place, panel in enumerate(panels, 1):
        axes = figure.add_subplot(rows, columns, place)
        names = list(panel.values)
        colours = [OURS if name.startswith("ours") else THEIRS for name in names]
        shown = axes.barh(names, [panel.values[name] for name in names], color=colours, log=panel.is_log)
        axes.bar_label(shown, labels=[panel.form.format(panel.values[name]) for name in names], padding=3)
        axes.set_title(panel.title, loc="left", fontsize=10, fontweight="bold")
        axes.margins(x=0.18)
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="svg", metadata=_METADATA)


def write_steps(path: Path, panels: Mapping[str, Mapping[str, Sequence[tuple[float, int]]]], unit: str) -> None:
    """Write counts over hours to an SVG: panel -> line -> (seconds, count) at every change."""
    figure = Figure(figsize=(10.4, 2.4 * len(panels)), layout="constrained")
    for place, (title, lines) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(len(panels), 1, place)
        for name, changes in lines.items():
            own = {"color": OURS, "zorder": 3} if name.startswith("ours") else {}
            hours, counts = [at / 3600 for at, _ in changes], [count for _, count in changes]
            axes.step(hours, counts, where="post", label=name, linewidth=1.0, **own)
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        axes.set_ylabel(unit)
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("hours")
    figure.savefig(path, format="svg", metadata=_METADATA)


@dataclass(frozen=True)
class Point:
    """A setting by its cost and its benefit."""

    #: Label beside it; empty for settings that only the table names.
    name: str
    x: float
    y: float
    is_chosen: bool = False
    #: Points of one curve are joined.
    curve: str = ""


def write_points(path: Path, panels: Mapping[str, Sequence[Point]], x_label: str, y_label: str) -> None:
    """Write points to an SVG, panels side by side, x logarithmic; chosen points stand out, points of a curve are joined."""
    figure = Figure(figsize=(6.4 * len(panels), 5.6), layout="constrained")
    for place, (title, points) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for name in dict.fromkeys(point.curve for point in points if point.curve):
            ends = [(point.x, point.y) for point in points if point.curve == name]
            axes.plot(*zip(*ends, strict=True), color=THEIRS, linewidth=0.8, alpha=0.6)
        for point in points:
            style: dict[str, Any] = {"xytext": (4, -8), "fontsize": 7}
            if point.is_chosen:
                style = {"xytext": (-6, -10), "ha": "right", "fontsize": 9, "fontweight": "bold", "color": OURS}
            size = 60 if point.is_chosen else 26 if point.name else 9
            axes.scatter(point.x, point.y, color=OURS if point.is_chosen else THEIRS, s=size, zorder=4 if point.is_chosen else 3)
            axes.annotate(point.name, (point.x, point.y), textcoords="offset points", zorder=5, **style)
        axes.set_xscale("log")
        ticks = [tick for tick in (1, 2, 3, 5, 8, 12, 20, 30) if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
        axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
        axes.minorticks_off()
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.margins(0.15)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="svg", metadata=_METADATA)
