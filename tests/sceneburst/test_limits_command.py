"""`sceneburst limits`: shown, set and reset at the command line."""

import json

from dispatcher.tick import Dispatcher
from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.test_launcher import PaperFleet
from tests.sceneburst.conftest import Console


def test_limits_are_shown_with_the_environment_that_they_stand_over(
    console: Console, queue: SceneQueue, redis_url: str, namespace: str
) -> None:
    """Unknown without a dispatcher; with one, what is in force, what its environment says, and who changed it."""
    rows = {row["name"]: row for row in json.loads(console("limits", "--json").out)}
    assert rows["max_containers"] == {
        "name": "max_containers",
        "value": None,
        "by": None,
        "at_ms": None,
        "why": None,
        "setting": None,
    }
    assert console("limits", "set", "max_containers=20", "budget_usd_per_hour=2.5").code == Exit.OK
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace, fleet="fargate", max_containers=7)
    dispatcher = Dispatcher(queue, PaperFleet(), settings)
    dispatcher.tick()
    rows = {row["name"]: row for row in json.loads(console("limits", "show", "--json").out)}
    assert (rows["max_containers"]["value"], rows["max_containers"]["setting"]) == (20, 7)
    assert "@" in rows["max_containers"]["by"]
    assert (rows["launches_per_tick"]["value"], rows["launches_per_tick"]["by"]) == (100, None)
    assert "budget_usd_per_hour" in console("limits").out
    shown = console("plan").out
    assert "max_containers 20" in shown
    assert "budget_usd_per_hour 2.5" in shown
    told = json.loads(console("plan", "--json").out)
    assert [limit["name"] for limit in told["limits"]] == ["max_containers", "budget_usd_per_hour"]
    assert console("limits", "reset", "max_containers").out == "max_containers reset\n"
    assert [limit.name for limit in queue.inspect.limits()] == ["budget_usd_per_hour"]
    assert console("limits", "reset").code == Exit.OK
    assert queue.inspect.limits() == []
    dispatcher.close()


def test_a_wrong_limit_is_exit_2_and_changes_nothing(console: Console, queue: SceneQueue) -> None:
    """Its name, its value or its form; the line says what there is."""
    for words, part in (
        (("max_containers=0",), "limit max_containers"),
        (("max_conainers=3",), "there are max_containers"),
        (("max_containers",), "NAME=VALUE"),
        (("max_containers=3", "max_containers=4"), "comes twice"),
        (("launches_per_tick=3", "deadline_s=soon"), "limit deadline_s"),
    ):
        ended = console("limits", "set", *words)
        assert (ended.code, ended.out) == (Exit.USAGE, "")
        assert part in " ".join(ended.err.split())
    assert console("limits", "reset", "speed").code == Exit.USAGE
    assert queue.inspect.limits() == []


def test_a_misspelt_limit_gets_the_nearest_name(console: Console) -> None:
    """From `set` and `reset`."""
    for words in (("set", "max_container=3"), ("reset", "max_container")):
        ended = console("limits", *words)
        assert ended.code == Exit.USAGE
        assert "there is no limit 'max_container', did you mean 'max_containers'?" in " ".join(ended.err.split())


def test_an_undo_restores_what_the_last_change_has_replaced(console: Console, queue: SceneQueue) -> None:
    """All limits of one `set`, or a named one; never twice, and not what somebody else has changed since."""
    assert "no change of it" in console("limits", "undo").err
    console("limits", "set", "max_containers=4")
    console("limits", "set", "max_containers=9", "policy=deadline", "--why", "burst")
    assert "9" in console("limits").out
    undone = console("limits", "undo", "--why", "it is over")
    assert (undone.code, undone.out) == (
        Exit.OK,
        "policy is the environment's again, max_containers is 4 again, from the next tick on\n",
    )
    assert [(limit.name, limit.value, limit.why) for limit in queue.inspect.limits()] == [("max_containers", 4, "it is over")]
    again = console("limits", "undo")
    assert again.code == Exit.FAILED
    assert "has undone the last change of max_containers already" in " ".join(again.err.split())
    console("limits", "set", "launches_per_tick=3")
    assert console("limits", "undo", "launches_per_tick", "--json").code == Exit.OK
    assert console("limits", "undo", "launches_per_tick").code == Exit.FAILED
    assert [limit.name for limit in queue.inspect.limits()] == ["max_containers"]
