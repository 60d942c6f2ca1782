"""Silence is measured on a clock that does not jump."""

import pytest

from dispatcher.decisions.reaper import Limits, find_reapable
from dispatcher.heartbeat_watch import HeartbeatWatch
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

_HOUR_MS = 3_600_000
_NOW_MS = 1_000 * _HOUR_MS


def _record(beat_ms: int) -> ContainerRecord:
    """Idle for a moment at its last beat."""
    idle = {"started_ms": beat_ms - 5000, "idle_since_ms": beat_ms - 1000}
    return ContainerRecord(container_id=ContainerId("c1"), state="running", beat_ms=beat_ms, **idle)


def _reasons(watch: HeartbeatWatch, beat_ms: int, now_ms: int, now_s: float, silent_after_s: float = 60) -> list[str]:
    ledger = watch.correct([_record(beat_ms)], now_ms, now_s)
    limits = Limits(idle_timeout_s=200, silent_after_s=silent_after_s)
    return [verdict.reason.text for verdict in find_reapable(ledger, [], now_ms, limits)]


@pytest.mark.parametrize("jump_ms", [_HOUR_MS, -_HOUR_MS])
def test_a_jump_of_redis_clock_makes_no_container_silent_or_idle(jump_ms: int) -> None:
    """Neither before its next beat, nor after it."""
    watch = HeartbeatWatch()
    assert _reasons(watch, _NOW_MS, _NOW_MS + 1000, 100) == []
    assert _reasons(watch, _NOW_MS, _NOW_MS + jump_ms + 3000, 102) == []
    assert _reasons(watch, _NOW_MS + jump_ms + 4000, _NOW_MS + jump_ms + 5000, 104) == []


@pytest.mark.parametrize("jump_ms", [0, _HOUR_MS, -_HOUR_MS])
def test_a_container_that_has_died_is_silent_after_its_time_whatever_the_clock_does(jump_ms: int) -> None:
    """Until now it was taken for alive for as long as the clock had gone back."""
    watch = HeartbeatWatch()
    assert _reasons(watch, _NOW_MS, _NOW_MS, 100) == []
    for second in range(2, 60, 2):
        assert _reasons(watch, _NOW_MS, _NOW_MS + jump_ms + 1000 * second, 100 + second) == []
    assert _reasons(watch, _NOW_MS, _NOW_MS + jump_ms + 62_000, 162) == ["silent for 62 s"]


def test_an_outage_counts_as_ten_seconds_of_silence() -> None:
    """Redis was away for five minutes: nobody could be heard. Who is back first, dispatcher or container, does not matter."""
    watch = HeartbeatWatch()
    assert _reasons(watch, _NOW_MS, _NOW_MS, 100) == []
    assert _reasons(watch, _NOW_MS, _NOW_MS + 300_000, 400) == []
    for second in range(2, 52, 2):
        assert _reasons(watch, _NOW_MS, _NOW_MS + 300_000 + 1000 * second, 400 + second) == []
    assert _reasons(watch, _NOW_MS, _NOW_MS + 352_000, 452) == ["silent for 62 s"]


@pytest.mark.parametrize("tick_s", [2, 12, 30, 45, 120])
@pytest.mark.parametrize("look_s", [2, 12, 30, 45, 120])
def test_a_container_that_has_died_is_found_however_long_ticks_take(tick_s: int, look_s: int) -> None:
    """Ticks of two seconds on a fleet that answers slowly, and ticks that are configured to be long."""
    watch = HeartbeatWatch(tick_s, silent_after_s=60)
    looks = [_reasons(watch, _NOW_MS, _NOW_MS + 1000 * second, second) for second in range(0, 10 * look_s + 60, look_s)]
    assert looks[0] == looks[1] == []
    assert looks[-1]
    assert not any(looks[: -(-60 // look_s)])


@pytest.mark.parametrize("silent_after_s", [8, 60])
@pytest.mark.parametrize("tick_s", [2, 12, 30, 45, 120])
def test_one_look_after_an_outage_makes_no_container_silent(tick_s: int, silent_after_s: int) -> None:
    """Its next beat shows that it lives."""
    for outage_s in (3, 9, 12, 300):
        watch = HeartbeatWatch(tick_s, silent_after_s)
        assert _reasons(watch, _NOW_MS, _NOW_MS, 0, silent_after_s) == []
        assert _reasons(watch, _NOW_MS, _NOW_MS + 1000 * outage_s, outage_s, silent_after_s) == []


def test_a_dispatcher_that_begins_takes_redis_at_its_word() -> None:
    """A container that was silent long before the dispatcher started is reaped at the first look."""
    assert _reasons(HeartbeatWatch(), _NOW_MS - 100_000, _NOW_MS, 100) == ["silent for 100 s"]
