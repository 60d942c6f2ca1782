"""The queue's history in slots of a minute, five minutes or an hour."""

from enum import StrEnum
from typing import NamedTuple


class Resolution(StrEnum):
    """Lengths of a slot."""

    MINUTE = "minute"  #: of the last day
    FIVE = "five"  #: five minutes each, of the last week
    HOUR = "hour"  #: of the last 90 days


#: Seconds of a slot, and slots that are kept.
SLOTS = {Resolution.MINUTE: (60, 1440), Resolution.FIVE: (300, 2016), Resolution.HOUR: (3600, 2160)}


class Rollup(NamedTuple):
    """One slot of the history."""

    #: When it begins, by the Redis clock.
    at_ms: int
    #: Most items that were ready at once.
    ready: int
    #: Most containers at once.
    containers: int
    usd: float
    #: Items done since the slot before that is known.
    done: int
    #: Dead letters at its end, and of the 20 most frequent reasons how many.
    dead: int
    dead_by_reason: dict[str, int]
