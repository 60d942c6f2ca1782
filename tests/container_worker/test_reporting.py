"""Telling the queue, however long Redis takes."""

import threading

import pytest

from container_worker import reporting
from container_worker.reporting import Reports
from container_worker.sandbox.child import Stopped
from scenequeue.errors import LeaseLost, QueueUnavailable


class AwayFor:
    """Raises QueueUnavailable so many times, then answers."""

    def __init__(self, times: int) -> None:
        self.left, self.calls = times, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise QueueUnavailable("gone")
        return "taken"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "INITIAL_BACKOFF_S", 0.001)


def test_a_report_is_repeated_until_redis_has_taken_it() -> None:
    """And it counts as pending for just so long, so that nothing is leased before it."""
    told = Reports(lambda: 0.0, 10)
    seen: list[bool] = []
    away = AwayFor(3)

    def call() -> str:
        seen.append(told.are_pending)
        return away()

    assert told.deliver(call) == "taken"
    assert (away.calls, all(seen), told.are_pending) == (4, True, False)


def test_a_report_is_given_up_when_patience_is_spent() -> None:
    """The bound of the retry: how long the heartbeat has had no answer."""
    told = Reports(lambda: 11.0, 10)
    away = AwayFor(100)
    with pytest.raises(QueueUnavailable):
        told.deliver(away)
    assert (away.calls, told.are_pending) == (1, False)


def test_other_refusals_are_not_repeated() -> None:
    """A lost lease stays lost."""
    calls: list[int] = []

    def refuse() -> None:
        calls.append(1)
        raise LeaseLost("stale")

    with pytest.raises(LeaseLost):
        Reports(lambda: 0.0, 10).deliver(refuse)
    assert calls == [1]


def test_an_item_told_to_stop_repeats_nothing() -> None:
    """It could not begin, so it need not."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        Reports(lambda: 0.0, 10).deliver(AwayFor(100), stop)


def test_giving_up_wakes_whoever_waits_for_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that leaves waits for no backoff; safe twice."""
    monkeypatch.setattr(reporting, "INITIAL_BACKOFF_S", 1000.0)
    told = Reports(lambda: 0.0, 10_000)
    ended = threading.Event()

    def tell() -> None:
        with pytest.raises(QueueUnavailable):
            told.deliver(AwayFor(100))
        ended.set()

    thread = threading.Thread(target=tell)
    thread.start()
    told.give_up()
    told.give_up()
    assert ended.wait(60)
    thread.join()
