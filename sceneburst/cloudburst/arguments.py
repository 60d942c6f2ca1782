"""Checks arguments of the replaced system's calls, which may be of any type."""

import math

from scenequeue.quoted import shorten


def is_whole_number(value: object, least: int) -> bool:
    """Return True for a whole number that is not less than `least`; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_amount(value: object) -> bool:
    """Return True for a finite number that is not negative; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def quoted_value(value: object) -> str:
    """Return a value as Python writes it, shortened."""
    return shorten(repr(value))
