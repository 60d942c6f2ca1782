"""Defines the targets of the benchmarks: figures and their limits."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Target(NamedTuple):
    """A measured figure, and the limit that it must not exceed ("≤") or fall below ("≥")."""

    what: str
    value: float
    sign: str
    limit: float

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit if self.sign == "≤" else self.value >= self.limit

    def badness(self) -> float:
        """Return a number that is larger for a worse value."""
        return self.value if self.sign == "≤" else -self.value

    def to_json(self) -> dict[str, Any]:
        """Return the entry of a benchmark's JSON output."""
        return {"what": self.what, "value": self.value, "sign": self.sign, "bar": self.limit, "held": self.is_met}


def exit_code(targets: Iterable[Target]) -> int:
    """Return 0 if all targets are met, else 1."""
    return int(not all(each.is_met for each in targets))


def print_targets(targets: list[Target]) -> None:
    """Print one line for each."""
    for each in targets:
        print(f"{'held' if each.is_met else 'missed':7} {each.what:58} {each.value:9.3f} {each.sign} {each.limit:g}")


def report(targets: list[Target], *, as_json: bool) -> int:
    """Print one line for each, and all as one JSON document behind them if asked; return the exit code."""
    print_targets(targets)
    if as_json:
        print(json.dumps([target.to_json() for target in targets], indent=2))
    return exit_code(targets)


def target_rows(targets: list[Target]) -> str:
    """Format Markdown table rows: figure, measured value, limit, held or missed."""
    rows = (
        [each.what, f"{each.value:.3f}", f"{each.sign} {each.limit:g}", "held" if each.is_met else "missed"] for each in targets
    )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
