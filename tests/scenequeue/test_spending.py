"""Dollars of today, and per item done, from the queue's history."""

import pytest

from scenequeue.jobs.rollup import Rollup, spending

_HOUR_MS = 3_600_000
#: 02:30 UTC.
_NOW_MS = 1000 * 24 * _HOUR_MS + 2 * _HOUR_MS + _HOUR_MS // 2


def _hour(ago: int, usd: float, done: int) -> Rollup:
    """The slot of so many hours before this one."""
    return Rollup(_NOW_MS - _NOW_MS % _HOUR_MS - ago * _HOUR_MS, 0, 1, usd, done, 0, {})


def test_today_begins_at_midnight_utc_and_the_usual_price_is_of_the_week_before_these_two_hours() -> None:
    """Older slots count for nothing."""
    hours = [_hour(171, 100, 1), _hour(30, 6, 3000), _hour(3, 2, 1000), _hour(2, 1, 0), _hour(1, 0.5, 100), _hour(0, 0.25, 50)]
    found = spending(hours, _NOW_MS)
    assert found.today_usd == pytest.approx(1.75)
    assert found.usd_per_item == pytest.approx(0.005)
    assert found.usual_usd_per_item == pytest.approx(9 / 4000)


def test_without_an_item_done_nobody_knows_the_price_of_one() -> None:
    """Neither now nor before."""
    assert spending([], _NOW_MS) == (0, None, None)
    assert spending([_hour(0, 1, 0), _hour(9, 1, 0)], _NOW_MS) == (1, None, None)
