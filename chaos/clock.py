"""The machine's clock, which dates all faults of a run."""

import time


def now_ms() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000
