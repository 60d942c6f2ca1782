"""The pure comparison of what ECS lists with what is known."""

from collections.abc import Mapping, Set as AbstractSet

import pytest

from dispatcher.fleet import FleetContainer
from dispatcher.fleets.fargate.listing_diff import KnownTasks, ListedTasks, ListingDiff, diff
from scenequeue.jobs.ids import ContainerId

RUNS = FleetContainer("a", ContainerId("c"), is_running=True)
ENDED = FleetContainer("a", ContainerId("c"), is_running=False)


def _diff(
    *,
    running: AbstractSet[str] = frozenset(),
    stopped: AbstractSet[str] = frozenset(),
    described: Mapping[str, FleetContainer] | None = None,
    launched: AbstractSet[str] = frozenset(),
    foreign: AbstractSet[str] = frozenset(),
) -> ListingDiff:
    return diff(ListedTasks(running, stopped), KnownTasks(described or {}, launched, foreign))


@pytest.mark.parametrize("lists", [{"running": {"a"}}, {"stopped": {"a"}}], ids=["running", "stopped"])
def test_a_listed_task_that_is_not_known_is_described(lists: Mapping[str, AbstractSet[str]]) -> None:
    """A running one, and one that has ended."""
    assert _diff(**lists) == ListingDiff({}, ["a"], frozenset())


def test_a_running_task_that_was_described_is_not_described_again() -> None:
    """A tick without news costs no DescribeTasks call."""
    assert _diff(running={"a"}, described={"a": RUNS}) == ListingDiff({"a": RUNS}, [], frozenset())


def test_a_stopped_task_that_was_described_as_ended_is_not_described_again() -> None:
    """It stays in the listing for about an hour."""
    assert _diff(stopped={"a"}, described={"a": ENDED}) == ListingDiff({"a": ENDED}, [], frozenset())


@pytest.mark.parametrize("running", [frozenset(), {"a"}], ids=["only stopped", "in both lists"])
def test_a_task_that_has_stopped_since_is_described_once_more(running: AbstractSet[str]) -> None:
    """Also one that was stopped between the two calls, and so stands in both lists."""
    assert _diff(running=running, stopped={"a"}, described={"a": RUNS}) == ListingDiff({}, ["a"], frozenset())


def test_a_running_task_that_is_listed_no_more_is_described() -> None:
    """ECS may have forgotten it, or list it late."""
    assert _diff(described={"a": RUNS}) == ListingDiff({}, ["a"], frozenset())


def test_an_ended_task_that_is_listed_no_more_is_dropped() -> None:
    """ECS forgets it after about an hour."""
    assert _diff(described={"a": ENDED}) == ListingDiff({}, [], frozenset())


def test_a_launched_task_is_described_though_it_is_not_listed_yet() -> None:
    """The lists are eventually consistent; a description is not."""
    assert _diff(launched={"a"}) == ListingDiff({}, ["a"], frozenset())
    assert _diff(running={"a"}, launched={"a"}, described={"a": RUNS}) == ListingDiff({"a": RUNS}, [], frozenset())


def test_foreign_tasks_are_not_described_again_and_forgotten_when_they_are_listed_no_more() -> None:
    """The set does not grow with the tasks of other programs."""
    assert _diff(stopped={"x"}, foreign={"x", "y"}) == ListingDiff({}, [], {"x"})


def test_tasks_are_described_in_a_fixed_order() -> None:
    """So that the pages of a call are the same every time."""
    assert _diff(running={"d", "b"}, stopped={"c"}, launched={"a"}).to_describe == ["a", "b", "c", "d"]
