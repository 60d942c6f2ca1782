"""Changes of limits are taken back, as long as nobody has changed them since."""

import json

import pytest

from scenequeue.errors import ActConflict, SettingsError
from scenequeue.ports.steering.audit_log import Act
from scenequeue.queue import SceneQueue


def _limits(queue: SceneQueue) -> dict[str, float | str]:
    return {limit.name: limit.value for limit in queue.inspect.limits()}


def _newest(queue: SceneQueue) -> Act:
    return queue.inspect.acts(1)[0]


def test_an_undo_restores_the_value_from_before_and_is_an_act_itself(any_queue: SceneQueue) -> None:
    """A number, a value of the environment, one that was reset; with who, and why."""
    queue = any_queue
    queue.operator.set_limits({"budget_usd_per_hour": "2.5"}, "ann")
    queue.operator.set_limits({"budget_usd_per_hour": "20"}, "bob", "burst")
    assert queue.operator.undo(_newest(queue).entry, by="cyd", why="too dear") == ["budget_usd_per_hour"]
    assert [(limit.value, limit.by, limit.why) for limit in queue.inspect.limits()] == [(2.5, "cyd", "too dear")]
    act = _newest(queue)
    assert (act.by, act.act, act.limit, act.detail, act.why) == ("cyd", "undo", "budget_usd_per_hour", "20 -> 2.5", "too dear")
    queue.operator.reset_limits(["budget_usd_per_hour"], "ann")
    queue.operator.undo(_newest(queue).entry, by="ann")
    assert _limits(queue) == {"budget_usd_per_hour": 2.5}
    queue.operator.set_limits({"max_containers": "4"}, "ann")
    queue.operator.undo(_newest(queue).entry, by="ann")
    assert _limits(queue) == {"budget_usd_per_hour": 2.5}


def test_two_who_undo_the_same_act_undo_it_once(any_queue: SceneQueue) -> None:
    """The second one learns who was first, and undoes nothing else."""
    queue = any_queue
    queue.operator.set_limits({"max_containers": "4"}, "ann")
    queue.operator.set_limits({"max_containers": "9"}, "ann")
    wrong = _newest(queue).entry
    queue.operator.undo(wrong, by="bob")
    with pytest.raises(ActConflict, match="bob has changed max_containers since: it is 4 now"):
        queue.operator.undo(wrong, by="cyd")
    assert _limits(queue) == {"max_containers": 4}
    assert [act.act for act in queue.inspect.acts()] == ["undo", "limit", "limit"]


def test_a_limit_that_was_changed_since_is_left_as_it_is(any_queue: SceneQueue) -> None:
    """Also if it has the same value again, and if a program has changed it, which is no act."""
    queue = any_queue
    queue.operator.set_limits({"max_containers": "9"}, "ann")
    first = _newest(queue).entry
    queue.operator.set_limits({"max_containers": "4"}, "bob")
    queue.operator.set_limits({"max_containers": "9"}, "cyd")
    with pytest.raises(ActConflict, match="cyd has changed"):
        queue.operator.undo(first, by="ann")
    last = _newest(queue).entry
    queue.operator.set_limits({"max_containers": "7"})
    with pytest.raises(ActConflict, match="a program has changed max_containers since: it is 7 now"):
        queue.operator.undo(last, by="ann")
    queue.operator.reset_limits(["max_containers"])
    with pytest.raises(ActConflict, match="it is environment now"):
        queue.operator.undo(last, by="ann")


def test_several_are_undone_all_or_none(queue: SceneQueue) -> None:
    """Entries of one act have a word in common."""
    queue.operator.set_limits({"max_containers": "4", "launches_per_tick": "2"}, "ann")
    acts = queue.inspect.acts()
    assert len({act.word for act in acts}) == 1
    queue.operator.set_limits({"launches_per_tick": "3"}, "bob")
    with pytest.raises(ActConflict, match="bob has changed launches_per_tick since"):
        queue.operator.undo(*(act.entry for act in acts), by="ann")
    assert _limits(queue) == {"max_containers": 4, "launches_per_tick": 3}
    queue.operator.undo(_newest(queue).entry, by="bob")
    assert _limits(queue) == {"max_containers": 4, "launches_per_tick": 2}


def test_what_is_no_change_of_a_limit_is_not_undone(queue: SceneQueue) -> None:
    """Nor what somebody else has written there."""
    queue.operator.pause("ann")
    paused = _newest(queue).entry
    client, key = queue._connection.client, queue._connection.keys.audit
    foreign = [
        client.xadd(key, {"by": "x", "act": "limit", "about": about, "detail": detail})
        for about, detail in (
            ("limit=max_containers", "4"),
            ("limit=fleet", "docker -> process"),
            ("limit=max_containers", "0 -> 9"),
        )
    ]
    for entry in (paused, "1-1", "", "-", "x", "1" * 50 + "-1", *foreign):
        with pytest.raises((ActConflict, SettingsError)):
            queue.operator.undo(entry, by="ann")
    assert _limits(queue) == {}


def test_a_change_by_an_older_version_is_undone_too(queue: SceneQueue) -> None:
    """Its entry has neither a reason nor a word, and writes 20 as 20.0."""
    client, keys = queue._connection.client, queue._connection.keys
    client.hset(keys.limits, "budget_usd_per_hour", '{"value":20.0,"by":"bob","at_ms":5}')
    client.xadd(
        keys.audit,
        {"by": "bob", "act": "limit", "about": "limit=budget_usd_per_hour", "amount": 0, "detail": "environment -> 20.0"},
    )
    queue.operator.undo(_newest(queue).entry, by="ann")
    assert _limits(queue) == {}


def test_the_policy_is_a_limit_that_needs_what_it_needs(queue: SceneQueue) -> None:
    """No budget, no policy by budget: neither by a change, nor by a reset or an undo."""
    operator = queue.operator
    with pytest.raises(SettingsError, match="policy budget needs a budget"):
        operator.set_limits({"policy": "budget"}, "ann")
    with pytest.raises(SettingsError, match="limit policy"):
        operator.set_limits({"policy": "fastest"}, "ann")
    operator.set_limits({"policy": "deadline"}, "ann")
    operator.set_limits({"policy": "budget", "budget_usd_per_hour": "2"}, "ann")
    policy, budget = (
        next(act.entry for act in queue.inspect.acts() if act.limit == name) for name in ("policy", "budget_usd_per_hour")
    )
    with pytest.raises(SettingsError, match="before the budget is reset"):
        operator.reset_limits(["budget_usd_per_hour"], "ann")
    with pytest.raises(SettingsError, match="before the budget is reset"):
        operator.undo(budget, by="ann")
    operator.undo(policy, budget, by="ann")
    assert _limits(queue) == {"policy": "deadline"}
    queue.dispatcher.publish_plan(json.dumps({"why": "x", "settings": {"budget_usd_per_hour": 3.0}}), 60)
    operator.set_limits({"policy": "budget"}, "ann")
    assert _limits(queue) == {"policy": "budget"}
