"""Defines the queue's history, in slots of a minute, five minutes or an hour."""

from collections.abc import Sequence
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


class Spending(NamedTuple):
    """Dollars spent, and dollars per item done. None where nothing was done."""

    #: Since midnight UTC, by the Redis clock.
    today_usd: float
    #: In this hour and the one before.
    usd_per_item: float | None
    #: In the week before these two hours.
    usual_usd_per_item: float | None


_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


def spending(hours: Sequence[Rollup], now_ms: int) -> Spending:
    """Sum up the history.

    Args:
        hours: slots of an hour, as `history(Resolution.HOUR)` returns them.
        now_ms: Redis clock.
    """
    midnight_ms = now_ms - now_ms % _DAY_MS
    present_ms = now_ms - now_ms % _HOUR_MS - _HOUR_MS
    return Spending(
        sum(hour.usd for hour in hours if hour.at_ms >= midnight_ms),
        _usd_per_item([hour for hour in hours if hour.at_ms >= present_ms]),
        _usd_per_item([hour for hour in hours if present_ms - 7 * _DAY_MS <= hour.at_ms < present_ms]),
    )


def _usd_per_item(hours: Sequence[Rollup]) -> float | None:
    done = sum(hour.done for hour in hours)
    return sum(hour.usd for hour in hours) / done if done > 0 else None
