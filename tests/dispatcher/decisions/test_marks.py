"""Decisions that an operator would tell apart, by their marks."""

from dataclasses import replace
from typing import Any

from dispatcher.codes import Code
from dispatcher.decisions.launch_backoff import LaunchBackoff, apply_launch_backoff
from dispatcher.decisions.marks import ENOUGH, LAUNCH, mark_of
from dispatcher.decisions.planner import Plan, plan
from dispatcher.decisions.planning.backlog import one_need
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Reason
from tests.dispatcher.ledger import NOW_MS, container


def _mark(ready: int, *containers: ContainerRecord, is_paused: bool = False, **policy: Any) -> str:
    """The mark of the plan for so many ready items."""
    return mark_of(plan(one_need(ready, is_paused=is_paused), containers, Policy(**policy), {}, NOW_MS))


def _why(code: Code, *because: Reason, **more: Any) -> Plan:
    return Plan((), Reason(code, {"because": because, **more}), 1, 1, 0, 0, 0.0)


def test_every_launch_has_the_mark_of_launches_and_so_have_launches_that_are_held_back() -> None:
    """Those tell what became of the launches before them, whose containers tell it too."""
    assert _mark(5) == _mark(50) == LAUNCH
    assert mark_of(Plan((Order(1, 1),), Reason(Code.PLAN_LAUNCHES), 1, 1, 0, 0, 0.0)) == LAUNCH
    for code in (Code.NOT_YET, Code.ONE_AT_A_TIME):
        assert mark_of(_why(Code.PLAN_LAUNCHES, Reason(code, {"problem": Reason("x")}))) == LAUNCH


def test_containers_that_are_enough_are_one_decision_however_many_items_wait() -> None:
    """A trickle of items changes between nothing ready and one ready with every tick."""
    busy = [container(batch=50, slots=2), container(batch=50, slots=2)]
    assert {_mark(0, *busy), _mark(1, *busy), _mark(9, *busy), _mark(0, busy[0])} == {ENOUGH}


def test_rest_a_pause_and_each_limit_are_decisions_of_their_own() -> None:
    """Not the numbers of items and containers; but another limit is another decision."""
    full = [container(batch=1, held=1, slots=1)]
    at_rest, paused = _mark(0), _mark(5, is_paused=True)
    cut = _mark(5, *full, max_containers=1)
    assert len({at_rest, paused, cut, _mark(5, *full, *full, max_containers=2), ENOUGH, LAUNCH}) == 6
    assert cut == _mark(7, *full, max_containers=1)
    assert paused == _mark(9, *full, is_paused=True)


def test_an_error_is_the_same_decision_whatever_the_numbers_in_its_text() -> None:
    """A fleet names its calls by numbers."""
    blind = [_why(Code.PLAN_BLIND, problem=Reason(Code.ECS_REFUSES, {"problem": text})) for text in ("call 12", "call 345", "no")]
    assert mark_of(blind[0]) == mark_of(blind[1]) != mark_of(blind[2])
    assert len(mark_of(_why(Code.PLAN_BLIND, problem=Reason("x", {"problem": "y" * 100_000})))) <= 1000


def test_a_plan_without_paused_items_has_the_mark_of_the_plan_inside_and_tells_that_some_are_paused() -> None:
    """Whatever their number; launches that are held back stay launches, and the plan says why."""

    def beside_paused(why: Reason, items: int) -> Plan:
        return Plan((), Reason(Code.PLAN_WITHOUT_PAUSED, {"plan": why, "items": items}), 1, 1, 0, 0, 0.0)

    rest = Reason(Code.PLAN_AT_REST)
    assert mark_of(beside_paused(rest, 5)) == mark_of(beside_paused(rest, 9)) != _mark(0)
    assert mark_of(beside_paused(Reason(Code.PLAN_IDLE), 5)) == mark_of(beside_paused(Reason(Code.PLAN_COVERED), 9)) != ENOUGH
    launch = replace(beside_paused(Reason(Code.PLAN_LAUNCHES, {"because": ()}), 5), orders=(Order(1, 1),))
    held_back = apply_launch_backoff(launch, LaunchBackoff(5.0, None, Reason(Code.STARTS_IN_VAIN)))
    assert mark_of(held_back) == LAUNCH
    assert "not_yet" in held_back.why.plain().partition("items: 5")[0]
