"""Decisions and facts that a ticking dispatcher records."""

import json

import pytest

from dispatcher.codes import Code
from dispatcher.fleet import LaunchRequest, LaunchResult
from dispatcher.tick import Dispatcher
from scenequeue.jobs.container import ContainerRecord
from scenequeue.published.facts import Facts, facts_of
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import done, submit

_FULL = Reason(
    Code.PLACEMENT_REFUSES, {"provider": "FARGATE", "region": "eu-central-1", "subnet": "a", "problem": "RESOURCE:FARGATE"}
)


class FullFleet(NoFleet):
    """A fleet without room for more."""

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        return [LaunchResult(request.container_id, error=_FULL, lacks_capacity=True) for request in requests]


class Clock:
    """Seconds that pass only when they are told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The dispatcher's monotonic clock."""
    return Clock()


def _codes(queue: SceneQueue) -> list[str]:
    return [decision.why.code for decision in queue.inspect.decisions()]


def _facts(queue: SceneQueue) -> Facts:
    return facts_of(queue.inspect.plan())


def test_a_burst_leaves_a_launch_and_what_followed_and_an_idle_queue_nothing(
    queue: SceneQueue, settings: DispatcherSettings
) -> None:
    """Ticks in which nothing new is decided write nothing; the launch tells when its containers came up."""
    dispatcher = Dispatcher(queue, NoFleet(), settings)
    for _ in range(3):
        dispatcher.tick()
    assert _codes(queue) == ["plan_at_rest"]
    submit(queue, "a", 6)
    for _ in range(3):
        dispatcher.tick()
    for record in queue.inspect.containers():
        queue.worker.beat(record.model_copy(update={"started_ms": queue.inspect.now_ms(), "slots": 1, "state": "running"}))
    for _ in range(3):
        dispatcher.tick()
    assert _codes(queue) == ["plan_covered", "plan_launches", "plan_at_rest"]
    launch = queue.inspect.decisions()[1]
    assert (launch.ready, launch.covered, launch.running, launch.starting) == (6, 0, 0, 0)
    assert [(order.containers, order.batch, order.vcpu) for order in launch.orders] == [(2, 3, 2.0)]
    assert len(launch.launched) == 2
    assert all(each.came_up_ms and each.start_up_s is not None for each in launch.launched)
    assert (_facts(queue).start_up_s or 0) >= 0
    dispatcher.close()
    queue.producer.cancel("a")


def test_refused_launches_stand_beside_the_plan_in_the_same_tick(
    queue: SceneQueue, settings: DispatcherSettings, clock: Clock
) -> None:
    """By ECS's own name, with place, number and next try; each try is a decision, the waiting in between is none."""
    submit(queue, "a", 6)
    dispatcher = Dispatcher(queue, FullFleet(), settings, clock=clock)
    dispatcher.tick()
    (refused,) = _facts(queue).refused
    assert (refused.name, refused.place, refused.last_hour) == ("RESOURCE:FARGATE", "FARGATE eu-central-1", 2)
    assert refused.next_ms == pytest.approx(queue.inspect.now_ms() + 2000, abs=1500)
    dispatcher.tick()
    since_ms = _facts(queue).refused[0].since_ms
    clock.now_s += 5
    dispatcher.tick()
    dispatcher.tick()
    (refused,) = _facts(queue).refused
    assert (refused.last_hour, refused.since_ms) == (4, since_ms)
    found = queue.inspect.decisions()
    assert [decision.launches for decision in found] == [2, 2]
    assert all(each.is_refused and each.ended_because == _FULL for decision in found for each in decision.launched)
    queue.producer.cancel("a")
    dispatcher.tick()
    assert _facts(queue).refused == ()
    dispatcher.close()


def test_a_crash_between_intent_and_launch_leaves_the_decision_and_its_container_without_a_start(
    queue: SceneQueue, settings: DispatcherSettings
) -> None:
    """The next dispatcher decides that it is enough, and records that once."""
    submit(queue, "a", 3)
    doomed = Dispatcher(queue, NoFleet(crashes=True), settings)
    with pytest.raises(KeyboardInterrupt):
        doomed.tick()
    doomed.close()
    for _ in range(2):
        after = Dispatcher(queue, NoFleet(), settings)
        after.tick()
        after.tick()
        after.close()
    assert _codes(queue) == ["plan_covered", "plan_launches"]
    (lost,) = queue.inspect.decisions()[1].launched
    assert (lost.came_up_ms, lost.ended_ms, lost.is_refused) == (None, None, False)
    queue.producer.cancel("a")


def test_a_dispatcher_that_was_deposed_records_no_decision(
    queue: SceneQueue, settings: DispatcherSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another acts since it took its fencing number: neither a launch, nor the reason for none."""
    dispatcher = Dispatcher(queue, NoFleet(), settings)
    reclaim = queue.dispatcher.reclaim
    stale = queue.dispatcher.acquire(dispatcher.owner, 60)
    monkeypatch.setattr(dispatcher, "_acquire", lambda: stale)

    def depose(limit: int = 1000) -> int:
        queue.dispatcher.resign(dispatcher.owner)
        queue.dispatcher.acquire("other", 60)
        return reclaim(limit)

    monkeypatch.setattr(queue.dispatcher, "reclaim", depose)
    dispatcher.tick()
    submit(queue, "a", 3)
    assert dispatcher.tick() is None
    assert queue.inspect.decisions() == []
    assert queue.inspect.containers() == []
    queue.producer.cancel("a")
    queue.dispatcher.resign("other")


def test_a_fleet_that_cannot_be_seen_is_a_decision_once(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """However many ticks it lasts."""
    dispatcher = Dispatcher(queue, NoFleet(is_blind=True), settings)
    for _ in range(3):
        dispatcher.tick()
    assert _codes(queue) == ["plan_blind"]
    assert _facts(queue) == Facts()
    dispatcher.close()


def test_the_end_is_told_by_the_rate_of_what_was_done(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """Of the ready items, and of the last that are leased; unknown before anything is done, and when nothing is left."""
    submit(queue, "a", 5)
    dispatcher = Dispatcher(queue, NoFleet(), settings)
    dispatcher.tick()
    assert _facts(queue).done_at_ms is None
    record = queue.inspect.containers()[0]
    running = {"started_ms": queue.inspect.now_ms(), "slots": 1, "state": "running"}
    queue.worker.beat(ContainerRecord.model_validate({**record.model_dump(), **running}))
    first, *_ = queue.worker.lease(record.container_id, 1)
    queue.worker.ack(record.container_id, [done(first)])
    for ready in (4, 0):
        if not ready:
            leases = queue.worker.lease(record.container_id, 4)
        dispatcher.tick()
        done_at_ms = _facts(queue).done_at_ms
        assert done_at_ms is not None
        assert done_at_ms >= queue.inspect.now_ms() - 2000
    queue.worker.ack(record.container_id, [done(lease) for lease in leases])
    dispatcher.tick()
    assert _facts(queue).done_at_ms is None
    dispatcher.close()


def test_limits_in_force_stand_beside_the_plan(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """As an operator has changed them, and whether the budget holds launches back."""
    dispatcher = Dispatcher(queue, NoFleet(), settings)
    queue.operator.set_limits({"max_containers": "7", "budget_usd_per_hour": "0.000001"}, by="ann", why="burst")
    submit(queue, "a", 3)
    dispatcher.tick()
    facts = _facts(queue)
    assert (facts.max_containers, facts.budget_usd_per_hour, facts.is_cut_by_budget) == (7, 0.000001, True)
    (cut,) = queue.inspect.decisions()
    assert cut.cut is not None
    assert cut.cut.code == "cut_by_budget"
    json.dumps(cut.to_people())
    queue.producer.cancel("a")
    dispatcher.close()
