"""The plan: how many containers, and never beyond a bound."""

import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import Backlog, one_need
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.pricing import hourly_usd, usd_per_hour
from scenequeue.jobs.container import ContainerRecord
from tests.dispatcher.ledger import NOW_MS, container


def test_a_burst_is_spread_and_the_plan_says_why() -> None:
    """The sentence that operators and the demo show."""
    made = plan(one_need(6, 60), [], Policy(scenes_per_batch=3, min_scenes_per_batch=1), {}, NOW_MS)
    assert made.launches == (3, 3)
    assert made.why.text.startswith("6 ready → 2 containers × 3, because")


def test_containers_that_start_are_counted_so_nothing_is_launched_twice() -> None:
    """A slow start covers its batch until the hello time-out."""
    starting = [container("launched", batch=5), container("intended", batch=5)]
    assert plan(one_need(10, 100), starting, Policy(), {}, NOW_MS).launches == ()
    late = [record.model_copy(update={"intended_ms": NOW_MS - 200_000}) for record in starting]
    of_the_future = [record.model_copy(update={"intended_ms": NOW_MS + 200_000}) for record in starting]
    assert plan(one_need(10, 100), of_the_future, Policy(), {}, NOW_MS).launches
    assert sum(plan(one_need(10, 100), late, Policy(), {}, NOW_MS).launches) == 10


def test_what_running_containers_have_left_is_taken_off() -> None:
    """Budget less what is done, failed or held."""
    running = [container(batch=10, done=3, held=2)]
    made = plan(one_need(9, 90), running, Policy(min_scenes_per_batch=1), {}, NOW_MS)
    assert sum(made.launches) == 4


def test_draining_and_ended_containers_are_no_capacity() -> None:
    """A container that is leaving takes no more items."""
    leaving = [container(batch=10, is_draining=True), container("gone", batch=10), container("failed", batch=10)]
    assert sum(plan(one_need(10, 100), leaving, Policy(), {}, NOW_MS).launches) == 10


def test_a_paused_queue_launches_nothing() -> None:
    """And says so."""
    made = plan(one_need(10, 100, is_paused=True), [], Policy(), {}, NOW_MS)
    assert (made.launches, made.why.text) == ((), "10 ready, but the queue is paused")


@pytest.mark.parametrize(
    ("ready", "text"), [(0, "nothing ready, no containers; 1 item is paused"), (2, "2 ready → 1 container × 2, because ")]
)
def test_nothing_is_launched_for_items_that_a_pause_holds_back(ready: int, text: str) -> None:
    """They are no backlog; the plan tells how many there are."""
    made = plan(replace(one_need(ready, ready), held_back=1), [], Policy(min_scenes_per_batch=1), {}, NOW_MS)
    assert sum(made.launches) == made.ready == ready
    assert made.why.text.startswith(text)
    assert made.why.text.endswith("; 1 item is paused")


def test_the_deadline_policy_takes_the_fewest_that_finish_in_time() -> None:
    """3,600 s of video at rate 1 in nine tenths of 344 s, after 45 of starting: 12 slots, 6 containers of 2."""
    policy = Policy(policy="deadline", deadline_s=389)
    assert len(plan(one_need(100, 3600), [], policy, {"": 1.0}, NOW_MS).launches) == 6
    assert len(plan(one_need(100, 3600), [], policy, {"": 2.0}, NOW_MS).launches) == 12


def test_the_minimum_is_kept_when_idle() -> None:
    """Warm containers, for those who pay for them."""
    assert plan(one_need(0), [], Policy(min_containers=2), {}, NOW_MS).launches == (0, 0)


_records = st.builds(
    container,
    st.sampled_from(["intended", "launched", "running", "draining", "gone", "failed"]),
    batch=st.integers(0, 50),
    done=st.integers(0, 60),
    held=st.integers(0, 5),
    slots=st.integers(0, 4),
)
_policies = st.builds(
    Policy,
    policy=st.sampled_from(["batch", "deadline", "budget"]),
    scenes_per_batch=st.integers(1, 20),
    min_scenes_per_batch=st.integers(1, 10),
    max_parallel_tasks=st.integers(1, 30),
    max_containers=st.integers(1, 40),
    launches_per_tick=st.integers(1, 30),
    budget_usd_per_hour=st.none() | st.floats(0.01, 20),
    config_priority=st.integers(1, 5),
    ephemeral_gib=st.sampled_from([0, 20, 200]),
    region=st.sampled_from(["", "us-east-1", "sa-east-1", "nowhere-1"]),
    is_spot=st.booleans(),
)


@given(ready=st.integers(0, 5000), containers=st.lists(_records, max_size=20), policy=_policies)
def test_no_plan_breaks_a_bound(ready: int, containers: list[ContainerRecord], policy: Policy) -> None:
    """Containers, launches a tick and dollars an hour, under every policy; and nothing for nothing."""
    made = plan(one_need(ready, ready * 5.0), containers, policy, {}, NOW_MS)
    alive = made.starting + made.running
    assert len(made.launches) <= policy.launches_per_tick
    assert not made.launches or alive + len(made.launches) <= policy.max_containers
    if policy.budget_usd_per_hour is not None and made.launches:
        size, gib = policy.size, policy.ephemeral_gib
        each = usd_per_hour(size.vcpu, size.memory_mib, policy.region, is_spot=policy.is_spot, ephemeral_gib=gib)
        assert made.usd_per_hour + each * len(made.launches) <= policy.budget_usd_per_hour + 1e-6
    if not ready:
        assert made.launches == ()
    assert made.why.text


# -- money


def test_ephemeral_storage_counts_against_the_budget() -> None:
    """200 GiB are a fifth of such a container's price."""
    policy = Policy(max_parallel_tasks=50, budget_usd_per_hour=1.0, ephemeral_gib=200, min_scenes_per_batch=1, scenes_per_batch=1)
    made = plan(one_need(100), [], policy, {}, NOW_MS)
    running = [container(ephemeral_gib=200) for _ in made.launches]
    assert 0.9 < hourly_usd(running) <= 1.0
    assert plan(one_need(100), running, policy, {}, NOW_MS).launches == ()


def test_what_found_spot_leaves_money_for_more() -> None:
    """Planned at the price on demand, counted at the price it runs at: the budget is used, and not exceeded."""
    policy = Policy(policy="budget", budget_usd_per_hour=1.0, min_scenes_per_batch=1)
    running: list[ContainerRecord] = []
    rounds = 0
    while made := plan(one_need(1000), running, policy, {}, NOW_MS).launches:
        running += [container(is_spot=True, batch=batch) for batch in made]
        rounds += 1
        assert hourly_usd(running) <= 1.0
    assert rounds > 1
    assert hourly_usd(running) + policy.usd_per_hour_each > 1.0
    on_demand = plan(one_need(1000), [], policy, {}, NOW_MS).launches
    assert len(running) > 3 * len(on_demand)


def test_where_only_spot_is_launched_its_price_is_planned_with() -> None:
    """At once, without waiting for what was found."""
    policy = Policy(policy="budget", budget_usd_per_hour=1.0, min_scenes_per_batch=1, is_spot=True)
    assert len(plan(one_need(1000), [], policy, {}, NOW_MS).launches) == 33


def test_a_dearer_region_keeps_fewer() -> None:
    """Tokyo is a quarter dearer than Virginia."""
    for region, most in (("us-east-1", 10), ("ap-northeast-1", 8)):
        policy = Policy(policy="budget", budget_usd_per_hour=1.0, min_scenes_per_batch=1, region=region)
        assert len(plan(one_need(1000), [], policy, {}, NOW_MS).launches) == most


# -- effort


@pytest.mark.parametrize("name", ["batch", "deadline", "budget"])
def test_a_plan_for_a_million_items_costs_no_more_than_one_for_a_thousand(name: Any) -> None:
    """A few dozen lines of Python per container, a few per launch of this tick and per reason, however much waits."""
    running = [container(slots=2, held=2, done=n % 50, batch=200) for n in range(500)]
    policy = Policy(policy=name, max_parallel_tasks=600, max_containers=600, budget_usd_per_hour=100.0)
    few, many = (_lines_run(one_need(ready, ready * 5.0), running, policy) for ready in (100_000, 1_000_000))
    assert many <= few + 10 * policy.launches_per_tick + 100
    assert many < 60 * len(running)


def _lines_run(backlog: Backlog, running: list[ContainerRecord], policy: Policy) -> int:
    lines = 0

    def count(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        plan(backlog, running, policy, {"": 0.7}, NOW_MS)
    finally:
        sys.settrace(before)
    return lines
