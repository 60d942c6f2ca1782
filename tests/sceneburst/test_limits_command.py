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
    assert rows["max_containers"] == {"name": "max_containers", "value": None, "by": None, "at_ms": None, "setting": None}
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
