"""The heartbeat, on real Redis."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace

import pytest
import redis

from container_worker import heartbeat as heartbeat_module
from container_worker.codes import Code
from container_worker.heartbeat import Heartbeat
from container_worker.in_flight import InFlightItem, InFlightItems
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId
from scenequeue.logs import LogTail
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.scenequeue.jobs import waiting_needs
from tests.support.waiting import wait_until

#: So long that no load ends a lease; beats come a tenth of a second after one another all the same.
LEASE_S = 60.0
Beating = Callable[..., AbstractContextManager[tuple[Heartbeat, InFlightItems]]]


@pytest.fixture(autouse=True)
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats that come soon."""
    monkeypatch.setattr(heartbeat_module, "_MAX_PAUSE_S", 0.1)


@pytest.fixture
def beating(queue: SceneQueue) -> Beating:
    """A heartbeat of container c1 that beats ten times a second while the block runs."""

    @contextmanager
    def start() -> Iterator[tuple[Heartbeat, InFlightItems]]:
        in_flight = InFlightItems(1)
        heartbeat = Heartbeat(queue, ContainerId("c1"), in_flight, LEASE_S, "process")
        heartbeat.start()
        try:
            yield heartbeat, in_flight
        finally:
            heartbeat.stop(Reason(Code.IDLE))

    return start


def _lease_one(queue: SceneQueue, in_flight: InFlightItems) -> InFlightItem:
    (lease,) = queue.worker.lease("c1", 1, LEASE_S, serves=waiting_needs(queue))
    item = InFlightItem(lease)
    in_flight.add(item)
    return item


def _record(queue: SceneQueue) -> ContainerRecord:
    (record,) = wait_until(queue.inspect.containers, "the container has said hello")
    return record


def test_a_held_lease_outlives_its_time(queue: SceneQueue, beating: Beating, submit_items: Callable[..., None]) -> None:
    """It is extended with every beat, and its progress is told."""
    submit_items("a", ("wait", {}))
    client, leases = queue._connection.client, queue._connection.keys.leases
    with beating() as (_, in_flight):
        item = _lease_one(queue, in_flight)
        item.progress = 0.5
        for _ in range(3):
            now_ms = queue.inspect.now_ms()
            client.zadd(leases, {item.key: now_ms - 1}, xx=True)
            wait_until(lambda now_ms=now_ms: client.zscore(leases, item.key) >= now_ms + LEASE_S * 1000, "a beat extends it")
        assert queue.dispatcher.reclaim() == 0
        assert not item.is_lost
        assert _record(queue).progress == {"a/0-0": 0.5}
        queue.worker.release("c1", [item.lease])
        in_flight.remove(item)
    queue.producer.cancel("a")


@pytest.mark.parametrize(("lease_s", "pause_s"), [(0.3, 0.1), (3.0, 1.0), (6.0, 2.0), (600.0, 2.0)])
def test_a_lease_survives_two_lost_beats(
    queue: SceneQueue, monkeypatch: pytest.MonkeyPatch, lease_s: float, pause_s: float
) -> None:
    """Three begin in the time of a lease, and one every two seconds at least, though each takes time itself."""
    monkeypatch.undo()
    pauses: list[float] = []
    clock = iter((100.0, 100.04))

    class Stop(threading.Event):
        """Notes the pauses, and ends the first."""

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            pauses.append(timeout)
            return True

    heartbeat = Heartbeat(queue, ContainerId("c1"), InFlightItems(1), lease_s, "process")
    heartbeat._stop = Stop()
    monkeypatch.setattr(heartbeat, "_beat", lambda: None)
    monkeypatch.setattr("container_worker.heartbeat.time", SimpleNamespace(monotonic=lambda: next(clock)))
    heartbeat._run()
    assert pauses == [pytest.approx(pause_s - 0.04)]


def test_a_cancelled_job_is_learned_with_the_next_beat(
    queue: SceneQueue, beating: Beating, submit_items: Callable[..., None]
) -> None:
    """The item is told to stop, its result is worth nothing."""
    submit_items("a", ("wait", {}))
    with beating() as (_, in_flight):
        item = _lease_one(queue, in_flight)
        queue.producer.cancel("a")
        assert item.stop.wait(60)
        assert item.is_lost


def test_a_beat_that_fails_in_any_way_is_not_the_last(
    queue: SceneQueue, beating: Beating, submit_items: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead heartbeat thread would silently lose every lease."""
    submit_items("a", ("wait", {}))
    calls: list[int] = []
    extend = queue.worker.extend

    def extend_oddly(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise redis.ResponseError("BUSY Redis is busy running a script")
        if len(calls) == 2:
            raise QueueUnavailable("gone")
        return extend(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(queue.worker, "extend", extend_oddly)
    with beating() as (heartbeat, in_flight):
        item = _lease_one(queue, in_flight)
        wait_until(lambda: len(calls) >= 4, "it beats on")
        wait_until(lambda: heartbeat.silence_s() == 0, "the silence is over")
        assert not item.is_lost
        queue.worker.release("c1", [item.lease])
        in_flight.remove(item)
    queue.producer.cancel("a")


def test_silence_is_measured_while_redis_does_not_answer(
    queue: SceneQueue, beating: Beating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what patience is counted by; a container that cannot be heard says no goodbye."""

    def be_gone(*_: object) -> None:
        raise QueueUnavailable("gone")

    with beating() as (heartbeat, _):
        wait_until(queue.inspect.containers, "hello")
        assert heartbeat.silence_s() == 0
        monkeypatch.setattr(queue.worker, "beat", be_gone)
        wait_until(lambda: heartbeat.silence_s() > 0.2, "the silence grows")
    assert _record(queue).state == "running"


def test_a_beat_says_which_structures_of_the_queue_the_container_looks_at(queue: SceneQueue, beating: Beating) -> None:
    """A dispatcher that looks at more does not count on it for those."""
    queue.structures = (3, 2)
    with beating():
        assert _record(queue).structures == "3 2"


def test_the_drain_mark_arrives_with_a_beat(queue: SceneQueue, beating: Beating) -> None:
    """The dispatcher's way to ask."""
    with beating() as (heartbeat, _):
        wait_until(queue.inspect.containers, "hello")
        assert not heartbeat.should_drain.is_set()
        queue.dispatcher.drain("c1")
        assert heartbeat.should_drain.wait(60)


def test_idleness_is_told_in_redis_time_and_only_without_work(
    queue: SceneQueue, beating: Beating, submit_items: Callable[..., None]
) -> None:
    """The reaper goes by it, so an item between two beats must restart it."""
    submit_items("a", ("wait", {}))
    long_ms = 3_600_000
    with beating() as (heartbeat, in_flight):
        born = _record(queue).idle_since_ms
        assert queue.inspect.now_ms() - born < long_ms
        # Idle for an hour, so that no load can be taken for the time of an item.
        assert heartbeat._hello is not None
        in_flight._idle_since -= long_ms / 1000
        heartbeat._hello = (heartbeat._hello[0] - long_ms, heartbeat._hello[1] - long_ms / 1000)
        assert heartbeat.record().idle_since_ms < born - long_ms / 2
        item = _lease_one(queue, in_flight)
        assert heartbeat.record().idle_since_ms == 0
        before = queue.inspect.now_ms()
        queue.worker.release("c1", [item.lease])
        in_flight.remove(item)
        assert before - long_ms / 2 < heartbeat.record().idle_since_ms <= queue.inspect.now_ms() + 1
    queue.producer.cancel("a")


def test_stop_is_safe_twice_and_before_start(queue: SceneQueue) -> None:
    """One goodbye with the first reason; none from a heartbeat that never began."""
    never = Heartbeat(queue, ContainerId("c0"), InFlightItems(1), LEASE_S, "process")
    never.stop(Reason(Code.IDLE))
    never.start()
    assert queue.inspect.containers() == []
    heartbeat = Heartbeat(queue, ContainerId("c1"), InFlightItems(1), LEASE_S, "process")
    heartbeat.start()
    heartbeat.start()
    wait_until(queue.inspect.containers, "hello")
    heartbeat.stop(Reason(Code.IDLE))
    heartbeat.stop(Reason(Code.DRAINED))
    assert (_record(queue).state, _record(queue).exit_reason) == ("gone", "idle")


def test_the_log_is_told_with_a_beat_and_only_when_something_was_logged(
    queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line once, though an answer was lost; the last ones before the goodbye."""
    tail = LogTail()
    told: list[TailLines] = []
    beats: list[int] = []
    log, beat = queue.worker.log, queue.worker.beat

    def log_and_lose_an_answer(container_id: str, lines: TailLines) -> None:
        log(container_id, lines)
        told.append(lines)
        if len(told) == 1:
            raise QueueUnavailable("gone")

    def count_beats(record: ContainerRecord) -> bool:
        beats.append(1)
        return beat(record)

    monkeypatch.setattr(queue.worker, "log", log_and_lose_an_answer)
    monkeypatch.setattr(queue.worker, "beat", count_beats)
    heartbeat = Heartbeat(queue, ContainerId("c1"), InFlightItems(1), LEASE_S, "process", tail=tail)
    _say(tail, "one")
    heartbeat.start()
    wait_until(lambda: len(told) == 2, "the answer was lost, and it was told again")
    so_far = len(beats)
    wait_until(lambda: len(beats) > so_far + 2, "it beats on")
    assert [lines.lines for lines in told] == [["one"], ["one"]]
    _say(tail, "two")
    wait_until(lambda: len(told) == 3, "the next line was told")
    _say(tail, "three")
    heartbeat.stop(Reason(Code.IDLE))
    assert queue.inspect.log("c1") == ["one", "two", "three"]
    assert _record(queue).memory_used_mib > 0


def _say(tail: LogTail, text: str) -> None:
    tail.handle(logging.LogRecord("worker", logging.INFO, "", 0, text, None, None))


def test_idle_time_begins_with_the_first_heartbeat(queue: SceneQueue) -> None:
    """Also the time after which the container leaves: what is told of it is never shorter than that."""
    in_flight = InFlightItems(1)
    in_flight._idle_since -= 1000
    heartbeat = Heartbeat(queue, ContainerId("c1"), in_flight, LEASE_S, "process")

    heartbeat.start()

    record = _record(queue)
    assert in_flight.idle_s() < 1000
    assert record.idle_since_ms >= record.started_ms
    heartbeat.stop(Reason(Code.IDLE))
