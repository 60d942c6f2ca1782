"""A fleet that is slow to look at: the lock's time is over before the tick goes on."""

from collections.abc import Callable

import pytest

from dispatcher import tick as tick_module
from dispatcher.fleet import FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.tick import Dispatcher
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.conftest import MakeFleet, put_out_of_reach
from tests.scenequeue.jobs import submit
from tests.support.fargate_simulator import Simulator


class SlowFleet:
    """Does something else before it says what runs."""

    name = "none"
    hardware = Hardware()

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.launched: list[str] = []
        self._meanwhile = meanwhile

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        self.launched += [request.container_id for request in requests]
        return [LaunchResult(request.container_id, handle="h") for request in requests]

    def list(self) -> list[FleetContainer]:
        self._meanwhile()
        return []

    def stop(self, handle: str, reason: Reason) -> None:
        raise AssertionError(f"nothing is to be stopped: {handle} {reason}")


@pytest.fixture
def settings(redis_url: str, namespace: str) -> DispatcherSettings:
    """A queue of the test's own."""
    return DispatcherSettings.load(redis_url=redis_url, namespace=namespace, tick_s=0.01)


def _end_lock(queue: SceneQueue) -> None:
    """Let the time of the dispatchers' lock be over now; Redis removes it then."""
    assert queue._connection.client.delete(queue._connection.keys.dispatcher)


def test_a_look_that_outlasts_the_lock_is_followed_by_a_launch_all_the_same(
    queue: SceneQueue, settings: DispatcherSettings
) -> None:
    """With one dispatcher there is nobody to be deposed by."""
    fleet = SlowFleet(lambda: _end_lock(queue))
    submit(queue, "a", 3)
    dispatcher = Dispatcher(queue, fleet, settings)
    made = dispatcher.tick()
    assert made is not None
    assert len(fleet.launched) == len(made.launches) == 1
    dispatcher.close()
    queue.producer.cancel("a")


def test_who_was_deposed_during_a_look_launches_nothing(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """Another dispatcher acts by then, and has planned already."""

    def another_takes_over() -> None:
        _end_lock(queue)
        assert queue.dispatcher.acquire("another", 30)

    fleet = SlowFleet(another_takes_over)
    submit(queue, "a", 3)
    dispatcher = Dispatcher(queue, fleet, settings)
    assert dispatcher.tick() is None
    assert fleet.launched == []
    queue.dispatcher.resign("another")
    queue.producer.cancel("a")


def test_a_region_that_swallows_everything_does_not_starve_the_other(
    queue: SceneQueue, settings: DispatcherSettings, make_fleet: MakeFleet, ecs: Simulator, hanging: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its time-outs outlast the lock, and yet the first tick launches in the healthy region, and the next is not held up."""
    monkeypatch.setattr(tick_module, "MIN_LOCK_S", 0.3)
    fleet = make_fleet()
    put_out_of_reach(fleet, "us-east-1", hanging, monkeypatch)
    submit(queue, "a", 30)
    dispatcher = Dispatcher(queue, fleet, settings)
    made = dispatcher.tick()
    assert made is not None
    assert {task.region for task in ecs.cluster.tasks.values()} == {"us-west-2"}
    assert len(ecs.cluster.tasks) == len(made.launches) == 3
    again = dispatcher.tick()
    assert again is not None
    assert (again.launches, again.starting) == ((), 3)
    dispatcher.close()
    queue.producer.cancel("a")
