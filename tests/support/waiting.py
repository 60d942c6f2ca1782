"""Waits for a condition instead of a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], description: str, timeout_s: float = 60.0) -> T:
    """Poll a predicate, and return its first true value.

    Raises:
        AssertionError: it stayed false for `timeout_s`; the message is the description.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {timeout_s} s waiting until {description}; last value: {value!r}")
        time.sleep(0.01)
