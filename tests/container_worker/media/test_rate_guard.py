"""Items that cannot be done in their time are refused; those that were only held up are not."""

import pytest

from container_worker.media.rate_guard import RateGuard
from scenequeue.errors import BadInput, LimitExceeded, ToolFailed


class Clock:
    """A clock that is turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _run(pace: RateGuard, clock: Clock, *, seconds: int, rate: float) -> None:
    """Reports once a second, `rate` of the whole each."""
    for second in range(1, seconds + 1):
        clock.now += 1
        pace(second * rate)


def test_a_narration_of_three_hours_in_an_hour_is_refused_within_minutes() -> None:
    """It says how long it takes, what there is, and what to do."""
    clock, seen = Clock(), list[float]()
    pace = RateGuard(3600, seen.append, clock)
    with pytest.raises(
        BadInput, match=r"takes some 17\d minutes .* an item may take 60 \(SCENEBURST_ITEM_TIMEOUT_S\): shorten it"
    ):
        _run(pace, clock, seconds=3600, rate=1 / 10_800)
    assert clock.now < 200
    assert len(seen) == clock.now


def test_what_is_only_slower_than_it_should_be_goes_on() -> None:
    """A busy neighbour may leave, and there is another attempt."""
    clock = Clock()
    _run(RateGuard(3600, lambda _share: None, clock), clock, seconds=3600, rate=1 / 7000)


def test_time_in_which_the_container_was_frozen_does_not_count() -> None:
    """Half an hour without a report, and as fast as before afterwards."""
    clock = Clock()
    pace = RateGuard(3600, lambda _share: None, clock)
    _run(pace, clock, seconds=100, rate=1 / 3000)
    clock.now += 1800
    pace(101 / 3000)


def _ended_by(error: Exception, *, seconds: int) -> None:
    clock = Clock()
    with RateGuard(3600, lambda _share: None, clock) as pace:
        _run(pace, clock, seconds=seconds, rate=1 / 5000)
        raise error


def test_an_end_by_the_clock_is_permanent_where_work_went_on_to_the_last() -> None:
    """The next attempt would end in the same way."""
    with pytest.raises(BadInput, match="takes some"):
        _ended_by(LimitExceeded("the renderer ran longer than 3600 s"), seconds=3600)


@pytest.mark.parametrize(
    ("seconds", "error"), [(30, LimitExceeded("hung")), (0, LimitExceeded("hung")), (3000, ToolFailed("ffmpeg"))]
)
def test_any_other_end_stays_what_it_was(seconds: int, error: Exception) -> None:
    """A hang, too much memory early on, or a tool's failure may pass."""
    with pytest.raises(type(error)):
        _ended_by(error, seconds=seconds)
