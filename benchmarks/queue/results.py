"""Collects the figures of all queues; if one fails, its other figures are kept with the error."""

import collections
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]
Readings = dict[str, list[Any]]
MAX_ERROR_LENGTH = 400


class Results:
    """The figures measured so far."""

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        self._readings: dict[str, Readings] = {name: collections.defaultdict(list) for name in names}
        self._errors: dict[str, list[str]] = {name: [] for name in names}

    def measure(self, baseline: str, figure: str, take: Callable[[], Row]) -> bool:
        """Add what `take` measures; False if it failed."""
        print(f"{time.strftime('%H:%M:%S')} {figure}: {baseline}", file=sys.stderr)
        try:
            for key, value in take().items():
                self._readings[baseline][key].append(value)
        except Exception as error:  # the failure of one queue is a line in its row, and does not end the run
            self._errors[baseline].append(f"{figure}: {error}"[:MAX_ERROR_LENGTH])
            print(f"{baseline}: {figure}: {error}"[:MAX_ERROR_LENGTH], file=sys.stderr)
            return False
        return True

    def rows(self) -> list[Row]:
        """Return a row for each queue, with the median of repeated measurements."""
        rows = []
        for baseline, readings in self._readings.items():
            row: Row = {"system": baseline, **{key: _median(values) for key, values in readings.items()}}
            rows.append({**row, "error": "; ".join(self._errors[baseline])} if self._errors[baseline] else row)
        return rows


def _median(readings: list[Any]) -> Any:
    if not isinstance(readings[0], float):
        return readings[-1]
    value = statistics.median(readings)
    return round(value) if value >= 100 else round(value, 3)
