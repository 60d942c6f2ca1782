"""The clock of this machine, by which a run dates its faults."""

import time


def now_ms() -> int:
    """Return Unix milliseconds."""
    return time.time_ns() // 1_000_000
