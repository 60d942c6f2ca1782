"""A container's items in flight, and its free capacity."""

import threading
from types import SimpleNamespace

import pytest

from container_worker.in_flight import InFlightItem, InFlightItems, Phase
from container_worker.sandbox.child import Stopped
from scenequeue.jobs.ids import ItemId, LeaseToken, check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from tests.support.waiting import wait_until


def in_flight_item(token: str = "1", item_id: str = "0-0", kind: str = "render", weight: float = 1.0) -> InFlightItem:
    item = WorkItem(kind=kind, name="scene", weight=weight)
    lease = Lease(job_id=check_job_id("a"), item_id=ItemId(item_id), token=LeaseToken(token), attempt=1, deadline_ms=0, item=item)
    return InFlightItem(lease)


def test_what_is_delivered_takes_no_slot_until_deliveries_pile_up() -> None:
    """First what slots are free for; what is being delivered does not count, up to three times the slots."""
    in_flight = InFlightItems(2)
    assert in_flight.free_capacity() == 2
    for number in range(2):
        in_flight.add(in_flight_item(str(number)))
    assert in_flight.free_capacity() == 0
    for item in in_flight.all():
        item.phase = Phase.DELIVERING
    assert in_flight.free_capacity() == 2
    for number in range(3, 8):
        in_flight.add(in_flight_item(str(number)))
    assert in_flight.free_capacity() == 0


def test_for_every_slot_that_is_soon_free_one_is_prepared() -> None:
    """Also where several scenes end together: each slot finds the next one ready."""
    in_flight = InFlightItems(2)
    for number in range(2):
        in_flight.add(in_flight_item(str(number)))
    in_flight.all()[0].phase = Phase.WORKING
    assert in_flight.free_capacity() == 1
    in_flight.all()[1].phase = Phase.WORKING
    assert in_flight.free_capacity() == 2
    in_flight.add(in_flight_item("2"))
    in_flight.add(in_flight_item("3"))
    assert in_flight.free_capacity() == 0


def test_nothing_is_fetched_to_wait_behind_long_scenes() -> None:
    """Another container could begin it; only when one of them comes to its end, the next is prepared."""
    in_flight = InFlightItems(2)
    for number, weight in enumerate((600.0, 300.0)):
        in_flight.add(in_flight_item(str(number), weight=weight))
        in_flight.all()[number].phase = Phase.WORKING
    assert in_flight.free_capacity() == 0
    in_flight.all()[1].progress = 0.95
    assert in_flight.free_capacity() == 0
    in_flight.all()[1].progress = 0.97
    assert in_flight.free_capacity() == 1


def test_a_weight_in_another_unit_is_measured_before_the_next_item_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a million units that takes two seconds is soon done, and says nothing about scenes."""
    now = [100.0]
    monkeypatch.setattr("container_worker.in_flight.time", SimpleNamespace(monotonic=lambda: now[0]))
    in_flight = InFlightItems(1)
    for token, is_prepared in (("1", False), ("2", True)):
        item = in_flight_item(token, kind="copy", weight=1e6)
        in_flight.add(item)
        with in_flight.slot(item):
            assert in_flight.free_capacity() == is_prepared
            now[0] += 2
        in_flight.remove(item)
    scene = in_flight_item("3", weight=600.0)
    in_flight.add(scene)
    with in_flight.slot(scene):
        assert in_flight.free_capacity() == 0


def test_a_change_between_looking_and_waiting_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a free slot would stay empty until the time-out."""
    in_flight = InFlightItems(1)
    waits = list[float | None]()
    monkeypatch.setattr(in_flight._changed, "wait", lambda timeout=None: waits.append(timeout))
    seen = in_flight.changes
    in_flight.add(in_flight_item())
    in_flight.wait_for_change(seen, 10)
    assert waits == []


def test_the_same_item_leased_again_does_not_hide_its_first_lease() -> None:
    """Both are held until each has ended, so that the heartbeat can find the first one lost."""
    in_flight = InFlightItems(1)
    first, second = in_flight_item("1"), in_flight_item("2")
    in_flight.add(first)
    in_flight.add(second)
    in_flight.remove(first)
    assert in_flight.all() == [second]
    assert not in_flight.holds(first)


def test_idleness_counts_from_the_end_of_the_last_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not at all while something is held."""
    now = [100.0]
    monkeypatch.setattr("container_worker.in_flight.time", SimpleNamespace(monotonic=lambda: now[0]))
    in_flight = InFlightItems(1)
    item = in_flight_item()
    in_flight.add(item)
    now[0] += 5
    assert in_flight.idle_s() == 0
    in_flight.remove(item)
    now[0] += 3
    assert in_flight.idle_s() == 3


def test_an_item_that_waits_for_a_slot_leaves_when_told_to_stop() -> None:
    """It never begins, and the slot stays the other's."""
    in_flight = InFlightItems(1)
    running, waiting = in_flight_item("1"), in_flight_item("2")
    outcome: list[BaseException] = []

    def wait() -> None:
        try:
            with in_flight.slot(waiting):
                pass
        except Stopped as stopped:
            outcome.append(stopped)

    with in_flight.slot(running):
        thread = threading.Thread(target=wait)
        thread.start()
        waiting.stop.set()
        thread.join(60)
        assert not thread.is_alive()
        assert running.phase is Phase.WORKING
    assert len(outcome) == 1
    assert waiting.phase is Phase.PREPARING


def test_slots_are_given_in_the_order_of_asking() -> None:
    """Nobody who comes later overtakes an item that waits, also when one in between gives up."""
    in_flight = InFlightItems(1)
    items = [in_flight_item(str(number)) for number in range(4)]
    entered: list[str] = []

    def work(item: InFlightItem) -> None:
        try:
            with in_flight.slot(item):
                entered.append(item.lease.token)
        except Stopped:
            pass

    threads = [threading.Thread(target=work, args=(item,)) for item in items]
    with in_flight.slot(in_flight_item("holder")):
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_until(lambda number=number: len(in_flight._waiting) == number, "it waits in its place")
        items[1].stop.set()
    for thread in threads:
        thread.join(60)
    assert entered == ["0", "2", "3"]


def test_a_slot_is_free_again_after_an_error() -> None:
    """A scene that fails does not shrink its container."""
    in_flight = InFlightItems(1)
    with pytest.raises(ValueError, match="boom"), in_flight.slot(in_flight_item("1")):
        raise ValueError("boom")
    with in_flight.slot(in_flight_item("2")):
        pass
