"""Limits changed at run time: checked like settings, in force from the next tick on, shown with who changed them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dispatcher.tick import Dispatcher
from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.test_launcher import PaperFleet
from tests.scenequeue.jobs import submit


@pytest.fixture
def dispatcher_of(queue: SceneQueue, redis_url: str, namespace: str) -> Callable[..., tuple[Dispatcher, PaperFleet]]:
    """A dispatcher with an environment of its own, and its fleet."""

    def make(**values: Any) -> tuple[Dispatcher, PaperFleet]:
        fleet = PaperFleet()
        settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, fleet="fargate", **values)
        return Dispatcher(queue, fleet, settings), fleet

    return make


def test_a_limit_holds_from_the_next_tick_on_until_it_is_reset(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]]
) -> None:
    """Without a restart: two containers where the environment says one, and one a tick where it says a hundred."""
    dispatcher, fleet = dispatcher_of(max_containers=1)
    submit(queue, "a", 100)
    dispatcher.tick()
    assert len(fleet.requests) == 1
    queue.operator.set_limits({"max_containers": "4", "launches_per_tick": "2"}, "ann@films")
    dispatcher.tick()
    assert len(fleet.requests) == 3
    queue.operator.reset_limits(["launches_per_tick"], "ann@films")
    dispatcher.tick()
    assert len(fleet.requests) == 4
    queue.operator.reset_limits(["max_containers"], "ann@films")
    made = dispatcher.tick()
    assert made is not None
    assert (len(fleet.requests), len(made.launches)) == (4, 0)
    dispatcher.close()
    queue.producer.cancel("a")


def test_min_containers_bound_the_reaper_too(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]]
) -> None:
    """Warm containers are launched when an operator says so."""
    dispatcher, fleet = dispatcher_of()
    dispatcher.tick()
    assert fleet.requests == []
    queue.operator.set_limits({"min_containers": "2"}, "ann")
    dispatcher.tick()
    assert len(fleet.requests) == 2
    dispatcher.close()


def test_a_budget_that_an_operator_sets_bounds_launches(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]]
) -> None:
    """Though the environment has none."""
    dispatcher, fleet = dispatcher_of()
    submit(queue, "a", 100)
    queue.operator.set_limits({"budget_usd_per_hour": "0.0001"}, "ann")
    dispatcher.tick()
    assert fleet.requests == []
    assert "exceed budget_usd_per_hour=0.0001; ann set this limit" in queue.inspect.waits_because(queue.inspect.job("a")).text  # type: ignore[union-attr]
    dispatcher.close()
    queue.producer.cancel("a")


@pytest.mark.parametrize(("policy", "launches"), [("deadline", 1), ("budget", 10)])
def test_the_policy_changes_while_the_dispatcher_runs(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]], policy: str, launches: int
) -> None:
    """By a deadline of hours fewer containers than by batches; `budget` without a budget is the environment's policy."""
    dispatcher, fleet = dispatcher_of(max_parallel_tasks=10, scenes_per_batch=10, deadline_s=36000)
    dispatcher.tick()
    submit(queue, "a", 100)
    queue._connection.client.hset(
        queue._connection.keys.limits, "policy", json.dumps({"value": policy, "by": "ann", "at_ms": 1, "why": "night"})
    )
    dispatcher.tick()
    assert len(fleet.requests) == launches
    (limit,) = (queue.inspect.plan() or {})["limits"]
    assert (limit["name"], limit["value"], limit["why"]) == ("policy", policy, "night")
    dispatcher.close()
    queue.producer.cancel("a")


def test_the_plan_shows_the_limits_in_force_and_the_environment(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]]
) -> None:
    """With who changed them, and when."""
    dispatcher, _ = dispatcher_of(max_containers=7)
    queue.operator.set_limits({"max_containers": "4"}, "ann@films")
    dispatcher.tick()
    plan = queue.inspect.plan() or {}
    (limit,) = plan["limits"]
    assert (limit["name"], limit["value"], limit["by"]) == ("max_containers", 4, "ann@films")
    assert 0 < limit["at_ms"] <= queue.inspect.now_ms()
    assert plan["settings"]["max_containers"] == 7
    assert plan["settings"]["budget_usd_per_hour"] is None
    dispatcher.close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("max_containers", "0"),
        ("max_containers", "many"),
        ("max_containers", "2.5"),
        ("min_containers", "-1"),
        ("budget_usd_per_hour", "0"),
        ("budget_usd_per_hour", "nan"),
        ("budget_usd_per_hour", "inf"),
        ("budget_usd_per_hour", ""),
        ("fleet", "docker"),
        ("tick_s", "1"),
        ("", "1"),
    ],
)
def test_what_the_setting_would_not_take_is_refused_and_nothing_changes(queue: SceneQueue, name: str, text: str) -> None:
    """Not even the right ones beside it."""
    with pytest.raises(SettingsError, match="limit"):
        queue.operator.set_limits({"launches_per_tick": "3", name: text}, "ann")
    assert queue.inspect.limits() == []
    assert queue.inspect.acts() == []


def test_changes_of_limits_are_in_the_audit_log(queue: SceneQueue) -> None:
    """With the value before and the one after; a reset of what was never set is none."""
    queue.operator.set_limits({"max_containers": "4"}, "ann")
    queue.operator.set_limits({"max_containers": "9", "budget_usd_per_hour": "2.5"}, "bob")
    queue.operator.reset_limits(["max_containers", "deadline_s"], "cyd")
    assert [(act.by, act.act, act.about, act.detail) for act in queue.inspect.acts()] == [
        ("cyd", "limit", "limit=max_containers", "9 -> environment"),
        ("bob", "limit", "limit=budget_usd_per_hour", "environment -> 2.5"),
        ("bob", "limit", "limit=max_containers", "4 -> 9"),
        ("ann", "limit", "limit=max_containers", "environment -> 4"),
    ]
    assert [(limit.name, limit.value, limit.by) for limit in queue.inspect.limits()] == [("budget_usd_per_hour", 2.5, "bob")]


def test_what_somebody_else_wrote_is_no_limit(
    queue: SceneQueue, dispatcher_of: Callable[..., tuple[Dispatcher, PaperFleet]]
) -> None:
    """The dispatcher goes on by its environment."""
    client, key = queue._connection.client, queue._connection.keys.limits
    wrong = {"max_containers": "[", "min_containers": '{"value":"many","by":"x","at_ms":1}', "fleet": '{"value":1}', "x": "1"}
    client.hset(key, mapping={**wrong, "deadline_s": json.dumps({"value": -1, "by": "x", "at_ms": 1})})
    assert queue.inspect.limits() == []
    dispatcher, _ = dispatcher_of()
    assert dispatcher.tick() is not None
    client.delete(key)
    client.set(key, "x")
    assert queue.inspect.limits() == []
    queue.operator.set_limits({"max_containers": "4"}, "ann")
    assert [limit.value for limit in queue.inspect.limits()] == [4]
    dispatcher.close()
