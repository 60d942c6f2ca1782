"""Defines the queue's history, in slots of a minute, five minutes or an hour."""

from enum import StrEnum
from typing import NamedTuple


class Resolution(StrEnum):
    """Lengths of a slot."""

    MINUTE = "minute"  #: of the last day
    FIVE = "five"  #: five minutes each, of the last week
    HOUR = "hour"  #: of the last 90 days


#: Seconds per slot, and number of slots that are kept.
SLOTS = {Resolution.MINUTE: (60, 1440), Resolution.FIVE: (300, 2016), Resolution.HOUR: (3600, 2160)}


class Rollup(NamedTuple):
    """One slot of the history."""

    #: Its begin, by the Redis clock.
    at_ms: int
    #: Maximum number of ready items.
    ready: int
    #: Maximum number of containers.
    containers: int
    usd: float
    #: Items done by its last sample, since the last sample before it.
    done: int
    #: Dead letters at its end, and the numbers of the 20 most frequent reasons.
    dead: int
    dead_by_reason: dict[str, int]
