"""Leaving well."""

import signal
from collections.abc import Iterator

import pytest

from container_worker.drain import LAST_CALL_S, Drain, listen_for_signals
from container_worker.exit_codes import Exit
from container_worker.in_flight import InFlightItems, Phase
from tests.container_worker.test_in_flight import in_flight_item


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Puts pytest's own handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_reason_to_leave_counts() -> None:
    """A disk that is full stays the reason when SIGTERM follows."""
    drain = Drain(10)
    assert not drain.is_asked
    drain.ask("the scratch space is used up", Exit.DISK_FULL)
    drain.ask("asked to stop", Exit.DRAINED)
    assert (drain.reason.text, drain.exit) == ("the scratch space is used up", Exit.DISK_FULL)


def test_what_has_not_begun_is_stopped_at_once_and_the_rest_after_the_grace() -> None:
    """Running and delivering items may finish."""
    in_flight = InFlightItems(2)
    items = [in_flight_item(str(number)) for number in range(3)]
    for item, phase in zip(items, Phase, strict=True):
        item.phase = phase
        in_flight.add(item)
    patient = Drain(1000)
    patient.ask("x", Exit.DRAINED)
    patient.advance(in_flight)
    assert [item.stop.is_set() for item in items] == [True, False, False]
    hasty = Drain(0)
    hasty.ask("x", Exit.DRAINED)
    hasty.advance(in_flight)
    assert all(item.stop.is_set() for item in items)


def test_what_hangs_after_the_grace_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spot kills after 120 s: leaving has an end, whatever hangs."""
    now = [100.0]
    monkeypatch.setattr("container_worker.drain.time.monotonic", lambda: now[0])
    drain = Drain(20)
    assert not drain.is_overdue
    drain.ask("x", Exit.DRAINED)
    now[0] += 20
    assert (drain.is_over, drain.is_overdue) == (True, False)
    now[0] += LAST_CALL_S
    assert drain.is_overdue


@pytest.mark.usefixtures("own_signals")
def test_only_a_second_interrupt_leaves_at_once() -> None:
    """SIGTERM, however often, and the first SIGINT drain."""
    drain = Drain(10)
    listen_for_signals(drain)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert drain.exit is Exit.DRAINED
    assert "SIGTERM" in drain.reason.text
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
