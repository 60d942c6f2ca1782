"""What a benchmark promises: a figure, and the bar it is held to."""

from typing import NamedTuple


class Bar(NamedTuple):
    """A figure and what it must not exceed ("≤") or fall below ("≥")."""

    what: str
    value: float
    sign: str
    bar: float

    @property
    def is_held(self) -> bool:
        return self.value <= self.bar if self.sign == "≤" else self.value >= self.bar

    def badness(self) -> float:
        """Larger is worse."""
        return self.value if self.sign == "≤" else -self.value


def print_bars(bars: list[Bar]) -> None:
    """A line each, on the terminal."""
    for bar in bars:
        print(f"{'held' if bar.is_held else 'missed':7} {bar.what:58} {bar.value:9.3f} {bar.sign} {bar.bar:g}")


def bar_lines(bars: list[Bar]) -> str:
    """Markdown rows: what, measured, bar, held or missed."""
    rows = ([bar.what, f"{bar.value:.3f}", f"{bar.sign} {bar.bar:g}", "held" if bar.is_held else "missed"] for bar in bars)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
