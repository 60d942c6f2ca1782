"""Pauses between attempts."""

import pytest

from scenequeue.backoff import Backoff, doubled, jittered


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without chance they are exact."""
    monkeypatch.setattr("scenequeue.backoff.jittered", lambda pause_s: pause_s)
    backoff = Backoff(0.2, 1.0)
    assert [backoff.next_s() for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    backoff.reset()
    assert backoff.next_s() == 0.2


def test_a_pause_is_spread_over_its_second_half() -> None:
    """So that programs that failed together do not come back together."""
    pauses = [jittered(2.0) for _ in range(1000)]
    assert 1.0 <= min(pauses) < max(pauses) <= 2.0
    assert len(set(pauses)) > 900


@pytest.mark.parametrize(("attempts", "pause_s"), [(0, 1.0), (1, 1.0), (2, 2.0), (7, 60.0), (10_000_000, 60.0)])
def test_the_pause_after_any_number_of_attempts_is_bounded(attempts: int, pause_s: float) -> None:
    """Also where a number came from elsewhere."""
    assert doubled(1.0, 60.0, attempts) == pause_s
