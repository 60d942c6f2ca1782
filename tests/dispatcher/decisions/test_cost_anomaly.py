"""Cost of a scene, window by window, and the alarm when it is far from earlier windows."""

import pytest
from hypothesis import given, strategies as st

from dispatcher.decisions.cost_anomaly import WINDOW_MS, CostWatch, is_anomalous


def _spend(watch: CostWatch, windows: list[tuple[float, int]]) -> list[bool]:
    """Look every half minute; each window has an hourly cost and a number of scenes. Whether each ended as an anomaly."""
    now_ms, finished, said = 1_000, 0, list[bool]()
    cost = watch.observe(0, finished, now_ms)
    for usd_per_hour, scenes in windows:
        for look in range(20):
            now_ms += WINDOW_MS // 20
            finished += scenes // 20 + (1 if look < scenes % 20 else 0)
            cost = watch.observe(usd_per_hour, finished, now_ms)
        said.append(cost.is_anomalous)
    return said


def test_scenes_that_suddenly_cost_four_times_as_much_are_an_anomaly_and_normal_ones_end_it() -> None:
    """A third more is none."""
    assert _spend(CostWatch(3.0), [(1.0, 100)] * 4 + [(1.3, 100), (1.0, 24), (1.0, 100)]) == [False] * 5 + [True, False]


def test_money_that_goes_without_any_scene_is_an_anomaly() -> None:
    """No division shows it: nothing was done at all."""
    assert _spend(CostWatch(3.0), [(1.0, 100)] * 4 + [(10.0, 0)])[-1]


def test_nothing_is_said_before_there_is_something_to_compare_with() -> None:
    """Nor of quiet hours."""
    assert not any(_spend(CostWatch(3.0), [(0.0, 0)] * 5 + [(1.0, 100), (50.0, 100)]))


@given(st.lists(st.floats(0.001, 10), min_size=3, max_size=12), st.floats(1.1, 10), st.floats(0.01, 100))
def test_an_anomaly_depends_on_the_ratio_alone(before: list[float], factor: float, unit: float) -> None:
    """The currency's unit does not matter, and what costs no more than before is never one."""
    assert not is_anomalous(min(before), before, factor)
    assert is_anomalous(max(before) * factor * 1.01, before, factor)
    latest = max(before) * factor * 1.01
    assert is_anomalous(latest * unit, [each * unit for each in before], factor)


def test_a_redis_that_has_lost_its_count_neither_hides_nor_makes_an_anomaly() -> None:
    """Items that are done again after it count from there; before it, none is negative."""
    watch, now_ms = CostWatch(3.0), 1_000
    watch.observe(1.0, 1000, now_ms)
    done = 1000
    for look in range(100):
        now_ms += WINDOW_MS // 20
        done = 0 if look == 30 else done + 5
        cost = watch.observe(1.0, done, now_ms)
        assert not cost.is_anomalous
    # Twenty looks a window of ten minutes, five scenes each, at a dollar an hour.
    assert cost.per_scene_usd == pytest.approx((1 / 6) / 100)
