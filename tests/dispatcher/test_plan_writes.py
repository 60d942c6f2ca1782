"""The plan in Redis: written anew where it says something new, or its time counts; else only now and then."""

import json
from typing import Any

import pytest

from dispatcher.publishing.publisher import PLAN_REPEAT_S
from dispatcher.tick import Dispatcher
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import submit


class _Clock:
    """Seconds that pass only when they are told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def written(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """All plans that were written."""
    plans: list[dict[str, Any]] = []
    publish = queue.dispatcher.publish_plan

    def record(plan_json: str, ttl_s: int = 60) -> None:
        plans.append(json.loads(plan_json))
        publish(plan_json, ttl_s)

    monkeypatch.setattr(queue.dispatcher, "publish_plan", record)
    return plans


def test_the_plan_of_an_idle_queue_is_written_now_and_then(
    queue: SceneQueue, redis_url: str, namespace: str, written: list[dict[str, Any]]
) -> None:
    """And at once where it changes; while items wait, with every tick, as the time of each plan is looked at."""
    clock = _Clock()
    dispatcher = Dispatcher(queue, NoFleet(), DispatcherSettings.load(redis_url=redis_url, namespace=namespace), clock=clock)
    for _ in range(3):
        dispatcher.tick()
    assert len(written) == 1
    clock.now_s += PLAN_REPEAT_S
    dispatcher.tick()
    assert len(written) == 2
    queue.operator.set_limits({"max_containers": "3"}, "ann")
    dispatcher.tick()
    assert [plan["limits"] != [] for plan in written] == [False, False, True]
    queue.operator.pause()
    submit(queue, "a", 1)
    for _ in range(3):
        dispatcher.tick()
    assert len(written) == 6
    dispatcher.close()


def test_a_dispatcher_that_acts_again_writes_its_plan_at_once(
    queue: SceneQueue, redis_url: str, namespace: str, written: list[dict[str, Any]]
) -> None:
    """The other may have published one since, or Redis may have lost everything."""
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace)
    one, other = (Dispatcher(queue, NoFleet(), settings, clock=_Clock()) for _ in range(2))
    for _ in range(2):
        one.tick()
        queue.dispatcher.resign(one.owner)
        other.tick()
        queue.dispatcher.resign(other.owner)
    assert len(written) == 4
    one.tick()
    queue._connection.client.delete(queue._connection.keys.dispatcher, queue._connection.keys.plan)
    one.tick()
    assert len(written) == 6
    one.close()
    other.close()
