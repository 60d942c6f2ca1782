"""The time at which the queue is done, and that which containers take to start."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from dispatcher.codes import Code
from dispatcher.decisions.finish import done_at_ms, start_up_s
from dispatcher.decisions.planner import CoveredNeed, Plan
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId
from scenequeue.ports.item_listing import LeasedItem
from scenequeue.reasons import Reason
from tests.dispatcher.ledger import NOW_MS, container


def _done_in_s(
    work_s: float,
    containers: Sequence[ContainerRecord],
    leased: Sequence[LeasedItem] = (),
    *,
    code: Code = Code.PLAN_COVERED,
    alarms: tuple[Reason, ...] = (),
    rates: dict[str, float] | None = None,
) -> float | None:
    """Seconds until the end of so much ready work; None if that is unknown."""
    needs = (CoveredNeed("render/1", 5, 0, work_s, ""),) if work_s else ()
    made = Plan((), Reason(code), 5 if work_s else 0, 0, 0, 0, 0.0, needs=needs, alarms=alarms)
    known = {"render/1": 2.0} if rates is None else rates
    at_ms = done_at_ms(made, known, leased, containers, NOW_MS, start_s=40.0, hello_timeout_s=180.0)
    return None if at_ms is None else (at_ms - NOW_MS) / 1000


def _starting(ago_s: float) -> ContainerRecord:
    return container("launched", intended_ms=NOW_MS - round(ago_s * 1000), started_ms=0, beat_ms=0, slots=0)


def _leased(weight: float, begun_s_ago: float = 0.0) -> LeasedItem:
    begun_ms = NOW_MS - round(begun_s_ago * 1000) if begun_s_ago else 0
    return LeasedItem(JobId("a"), ItemId("0-1"), ContainerId("c"), 0, 1, "x", None, "render/1", weight, begun_ms)


def test_the_work_is_shared_by_the_slots_that_are_there_and_by_those_that_start() -> None:
    """A starting container has the slots of its cores, and works from when it usually does."""
    assert _done_in_s(100, [container(slots=2)]) == 50
    assert _done_in_s(100, [container(slots=2), container(slots=3)]) == 20
    # Thirty seconds on two slots, then forty on four.
    assert _done_in_s(60 + 160, [container(slots=2), _starting(10)]) == 70
    assert _done_in_s(100, [_starting(10)]) == 80
    assert _done_in_s(100, [_starting(60)]) == 50


def test_leased_items_count_with_the_rest_of_their_usual_time() -> None:
    """One that takes longer than usual is about to end; the end is not before that of the longest."""
    one = [container(slots=4)]
    assert _done_in_s(0, one, [_leased(10)]) == 20
    assert _done_in_s(0, one, [_leased(10, 15), _leased(1)]) == 5
    assert _done_in_s(0, one, [_leased(10, 90), _leased(4, 2)]) == 6
    assert _done_in_s(0, [container(slots=1, held=2)], [_leased(10), _leased(10)]) == 40


def test_the_end_is_unknown_without_a_rate_or_a_container_or_while_nothing_is_worked_on() -> None:
    """As it is without work."""
    there = [container(slots=2)]
    assert _done_in_s(0, there) is None
    assert _done_in_s(10, []) is None
    assert _done_in_s(10, [container("gone", slots=2)]) is None
    assert _done_in_s(10, there, rates={}) is None
    assert _done_in_s(0, there, [_leased(1)], rates={"film/1": 1.0}) is None
    assert _done_in_s(10, there, code=Code.PLAN_PAUSED) is None
    assert _done_in_s(10, there, alarms=(Reason(Code.UNSERVED, {"need": "film/1"}),)) is None


@given(
    work_s=st.floats(min_value=1, max_value=1e6),
    slots=st.lists(st.integers(min_value=1, max_value=16), min_size=1, max_size=8),
    ages_s=st.lists(st.floats(min_value=0, max_value=100), max_size=8),
)
def test_more_containers_never_end_later_and_the_slots_do_all_the_work(
    work_s: float, slots: list[int], ages_s: list[float]
) -> None:
    """For any containers that run or start."""
    running = [container(slots=each) for each in slots]
    alone, together = _done_in_s(work_s, running), _done_in_s(work_s, [*running, *map(_starting, ages_s)])
    assert alone is not None
    assert together is not None
    assert together <= alone
    assert alone == pytest.approx(work_s / sum(slots), abs=0.51)
    most = sum(slots) * together + sum(2 * max(0.0, together - max(0.0, 40 - age_s)) for age_s in ages_s)
    assert most == pytest.approx(work_s, abs=0.51 * (sum(slots) + 2 * len(ages_s)))


def test_the_start_up_time_is_the_median_of_the_last_starts_of_this_image() -> None:
    """Of those that have come up."""
    ledger = [
        *(
            container(intended_ms=NOW_MS - 90_000, started_ms=NOW_MS - 90_000 + ms, image="a:1")
            for ms in (30_000, 40_040, 80_000)
        ),
        container(intended_ms=NOW_MS - 90_000, started_ms=NOW_MS - 89_000, image="a:0"),
        container("launched", started_ms=0, image="a:1"),
        container(launched_ms=0, image="a:1"),
    ]
    assert start_up_s(ledger, "a:1") == 40.0
    assert start_up_s(ledger, "a:2") is None
