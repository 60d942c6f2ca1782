"""Shows how long a film takes in fleets of several sizes, and what it costs, by a model with measured rates.

    python -m benchmarks.scale [--rates FILE] [--json]

Beside the article's hour in 4K, made to 720p in 119 s for $0.293: with the rate of encoding that is measured here, a core per
vCPU; and with the article's own (frames that a vCPU encodes in a second, from its published times), as if nothing were gained by
the encoder's settings. Prints all inputs; exits 1 if a target is missed with the measured rates. --rates FILE keeps them in a
file, and takes them from there if it exists.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from benchmarks.scale.model import Film, Fleet, Run, Surroundings, usual
from benchmarks.scale.rates import Rates, measure
from benchmarks.targets import Target, exit_code, print_targets

#: The article's film: 1 h, 25 frames a second, 6.8 GB. Its 30 functions of 6 vCPU took 119 s, of which 26 s did not depend on
#: their number: 90,000 frames / (93 s × 180 vCPU).
_HOUR = Film(3600, 25, 6.8e9 / 3600)
_ARTICLE_FPS, _ARTICLE_S, _ARTICLE_USD = 5.4, 119.0, 0.293
#: Targets: seconds and dollars with containers that are there, dollars on Spot with ones that are launched.
_WARM_S, _WARM_USD, _SPOT_USD = 110.0, 0.27, 0.12
_VCPU, _MEMORY_MIB = 8, 16_384
_FLEETS, _SEGMENTS_S = range(2, 49), (5, 8, 10, 12, 15, 18, 20, 24, 30, 40, 60)
_SEEDS = range(9)
#: Fleets of one core each, for a film of two hours.
_TWO_HOURS = Film(7200, 25, 6.8e9 / 3600)
_SMALL_FLEETS = (16, 128, 1024)


def cheapest(rates: Rates, around: Surroundings, fleet: Fleet, within_s: float) -> tuple[Fleet, float, Run]:
    """Return the number of containers and the length of segments that cost least and are done in time, and the outcome.

    Args:
        rates: measured ones.
        around: assumptions.
        fleet: its containers' size and kind.
        within_s: seconds; if none is done in time, the fastest is returned.
    """
    tried = [
        (fleet_of, segment_s, usual(rates, around, _HOUR, fleet_of, segment_s, _SEEDS))
        for fleet_of, segment_s in product((replace(fleet, containers=number) for number in _FLEETS), _SEGMENTS_S)
    ]
    in_time = [each for each in tried if each[2].wall_s <= within_s]
    return min(in_time, key=lambda each: each[2].usd) if in_time else min(tried, key=lambda each: each[2].wall_s)


def _rates(kept: Path | None) -> Rates:
    if kept is not None and kept.exists():
        return TypeAdapter(Rates).validate_json(kept.read_text(encoding="utf-8"))
    rates = measure()
    if kept is not None:
        kept.write_text(json.dumps(asdict(rates), indent=2), encoding="utf-8")
    return rates


def _hour(rates: Rates, around: Surroundings) -> Iterable[tuple[str, Fleet, float, Run]]:
    """Yield the cheapest fleets for the article's hour: warm within its time, cold with the start on top of it."""
    size = Fleet(0, _VCPU, _MEMORY_MIB)
    cold = replace(size, is_cold=True)
    yield "warm", *cheapest(rates, around, size, _WARM_S)
    for name, fleet in (("cold", cold), ("cold, Spot", replace(cold, is_spot=True))):
        yield name, *cheapest(rates, around, fleet, _WARM_S + around.start_up_s)


def _small(rates: Rates, around: Surroundings) -> Iterable[tuple[str, Fleet, float, Run]]:
    """Yield the fastest segment length of each small fleet, warm and cold."""
    for number, is_cold in product(_SMALL_FLEETS, (False, True)):
        fleet = Fleet(number, 1, 2048, is_cold=is_cold)
        tried = [(segment_s, usual(rates, around, _TWO_HOURS, fleet, segment_s, _SEEDS)) for segment_s in _SEGMENTS_S]
        segment_s, run = min(tried, key=lambda each: each[1].wall_s)
        yield "cold" if is_cold else "warm", fleet, segment_s, run


def _inputs(title: str, inputs: Mapping[str, Any]) -> Table:
    table = Table("input", "value", title=title, title_justify="left")
    for name, value in inputs.items():
        parts = value if isinstance(value, Mapping) else {"": value}
        for part, each in parts.items():
            table.add_row(f"{name} {part}".strip(), f"{each:.4g}")
    return table


def _table(title: str, rows: Iterable[tuple[str, Fleet, float, Run]]) -> Table:
    table = Table("containers", "vCPU", "start", "segment s", "wall s", "USD", "efficiency", title=title, title_justify="left")
    for name, fleet, segment_s, run in rows:
        table.add_row(
            *(str(fleet.containers), str(fleet.vcpu), name, f"{segment_s:g}"),
            *(f"{run.wall_s:.0f}", f"{run.usd:.3f}", f"{100 * run.efficiency:.0f} %"),
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=Path, help="file with the measured rates")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON document at the end")
    chosen = parser.parse_args()
    console, around = Console(), Surroundings()
    own = _rates(chosen.rates)
    article = own.encoding_at(_ARTICLE_FPS)
    console.print(_inputs("Measured here, in seconds of a core (a vCPU is taken for one)", asdict(own)))
    console.print(_inputs("Assumed", asdict(around)))
    console.print(f"The article: {_ARTICLE_FPS} frames a second and vCPU; {_ARTICLE_S:.0f} s, ${_ARTICLE_USD}")
    by_article, by_own = list(_hour(article, around)), list(_hour(own, around))
    console.print(_table("1 h, 4K to 720p, with the rate measured here", by_own))
    console.print(_table("1 h, 4K to 720p, with the article's rate of encoding", by_article))
    small = list(_small(own, around))
    console.print(_table("2 h, 4K to 720p, with the rate measured here", small))
    warm, _, spot = (run for _, _, _, run in by_own)
    targets = [
        Target("1 h, warm: seconds", warm.wall_s, "≤", _WARM_S),
        Target("1 h, warm: USD", warm.usd, "≤", _WARM_USD),
        Target("1 h, cold on Spot: USD", spot.usd, "≤", _SPOT_USD),
    ]
    print_targets(targets)
    if chosen.json:
        rows = [
            {"rate": rate, "start": name, **asdict(fleet), "segment_s": segment_s, **asdict(run)}
            for rate, found in (("article", by_article), ("measured", by_own), ("measured, 2 h", small))
            for name, fleet, segment_s, run in found
        ]
        print(json.dumps({"rates": asdict(own), "runs": rows, "targets": [target.to_json() for target in targets]}, indent=2))
    return exit_code(targets)
