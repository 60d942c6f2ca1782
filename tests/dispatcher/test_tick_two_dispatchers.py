"""One of several dispatchers acts; a crash or a change of dispatcher launches and counts nothing twice."""

import pytest

from dispatcher.tick import Dispatcher
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.rollup import Resolution
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import submit
from tests.support.reasons import said
from tests.support.waiting import wait_until


def test_dispatchers_in_turns_count_the_cost_of_the_same_time_once(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """The one that acted meanwhile has added what ran then."""
    submit(queue, "a", 5)
    now_s = 0.0
    fleet = NoFleet()
    first, second = (Dispatcher(queue, fleet, settings, clock=lambda: now_s) for _ in range(2))

    def usd(dispatcher: Dispatcher) -> float:
        """Dollars in the history after another three seconds and a tick of this dispatcher."""
        nonlocal now_s
        now_s += 3
        assert dispatcher.tick() is not None
        return sum(row.usd for row in queue.inspect.history(Resolution.HOUR))

    _, before = usd(first), usd(first)
    first.close()
    assert usd(second) == before
    between = usd(second)
    assert between > before
    second.close()
    assert usd(first) == between
    first.close()


def test_only_one_of_two_dispatchers_acts(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """The other stands by, and takes over when the first resigns."""
    fleet = NoFleet()
    first, second = Dispatcher(queue, fleet, settings), Dispatcher(queue, fleet, settings)
    submit(queue, "a", 3)
    assert first.tick() is not None
    assert second.tick() is None
    assert len(fleet.launched) == 1
    first.close()
    made = second.tick()
    assert made is not None
    assert made.launches == ()
    second.close()
    queue.producer.cancel("a")


def test_a_crash_between_intent_and_launch_never_launches_twice(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """The intent stands as capacity; the next dispatcher launches nothing more until it has failed."""
    fleet = NoFleet(crashes=True)
    submit(queue, "a", 3)
    doomed = Dispatcher(queue, fleet, settings)
    with pytest.raises(KeyboardInterrupt):
        doomed.tick()
    doomed.close()
    assert [record.state for record in queue.inspect.containers()] == ["intended"]
    healthy = NoFleet()
    after = Dispatcher(queue, healthy, settings)
    after.tick()
    assert healthy.launched == []
    after.close()
    queue.producer.cancel("a")


def test_a_dispatcher_deposed_at_its_work_executes_no_verdict_any_more(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """It hangs in a stop until another acts: it puts nothing back, stops nobody else, and marks none for drain."""

    class SlowFleet(NoFleet):
        """One whose first stop outlasts the lock."""

        def stop(self, handle: str, reason: Reason) -> None:
            assert not self.stopped, "only one is stopped"
            self.stopped.append(handle)
            queue._connection.client.delete(queue._connection.keys.dispatcher)
            assert queue.dispatcher.acquire("other", 30)

    fleet = SlowFleet()
    submit(queue, "a", 2)
    for name in ("c1", "c2"):
        fleet.launched.append(name)
        queue.worker.beat(ContainerRecord(container_id=ContainerId(name), held=1))
        queue.worker.lease(name, 1)
    said_ms = queue.inspect.now_ms()
    wait_until(lambda: queue.inspect.now_ms() > said_ms + 100, "both are silent")
    hasty = settings.model_copy(update={"silent_after_s": 0.05})
    dispatcher = Dispatcher(queue, fleet, hasty)
    assert dispatcher.tick() is None
    assert len(fleet.stopped) == 1
    assert queue.inspect.depth().counts.leased == 2
    assert {record.state for record in queue.inspect.containers()} == {"running"}
    keys, client = queue._connection.keys, queue._connection.client
    assert sum(client.exists(keys.drain(name)) for name in ("c1", "c2")) == 1
    assert len(fleet.launched) == 2
    dispatcher.close()
    queue.dispatcher.resign("other")
    queue.producer.cancel("a")
    for name in ("c1", "c2"):
        queue.dispatcher.forfeit(name, said("the test is over"))
