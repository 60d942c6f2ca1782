"""The dispatcher's pure decisions: distribution, plan, reaping, prices, sizes."""

import itertools

import pytest
from hypothesis import given, strategies as st

from dispatcher.distribution import distribute
from dispatcher.fleets.base import FleetContainer
from dispatcher.planner import Backlog, Policy, plan
from dispatcher.pricing import cost_usd, hourly_usd, usd_per_hour
from dispatcher.reaper import Action, Limits, find_reapable
from dispatcher.sizing import choose_size
from scenequeue.items import ContainerId, ContainerRecord

NOW_MS = 10_000_000
_numbers = itertools.count()


def container(state: str = "running", **fields: object) -> ContainerRecord:
    """A container that was launched and said hello a minute ago, and has just beaten."""
    ago = NOW_MS - 60_000
    defaults = {
        "intended_ms": ago,
        "launched_ms": ago,
        "started_ms": ago,
        "beat_ms": NOW_MS - 1000,
        "vcpu": 2.0,
        "memory_mib": 4096,
    }
    name = ContainerId(f"c{next(_numbers)}")
    return ContainerRecord.model_validate({"container_id": name, "state": state, **defaults, **fields})


# -- distribution


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((50, 10, 10, 5), [10] * 5),
        ((101, 10, 10, 5), [11] + [10] * 9),
        ((120, 10, 10, 5), [12] * 10),
        ((24, 10, 10, 8), [8, 8, 8]),
        ((4, 2, 2, 5), [2, 2]),
        ((9, 10, 10, 5), [9]),
        ((11, 10, 10, 5), [6, 5]),
        ((4, 2, 4, 5), [4]),
        ((8, 2, 4, 5), [2, 2, 2, 2]),
        ((1000, 10, 10, 5), [100] * 10),
        ((1, 1, 1, 1), [1]),
        ((0, 10, 10, 5), []),
    ],
)
def test_known_distributions(arguments: tuple[int, int, int, int], expected: list[int]) -> None:
    """The article's examples, corrected where it miscounted."""
    assert distribute(*arguments) == expected


@given(total=st.integers(0, 100_000), batch=st.integers(1, 500), tasks=st.integers(1, 200), least=st.integers(1, 500))
def test_any_distribution_adds_up_and_is_even(total: int, batch: int, tasks: int, least: int) -> None:
    """No scene lost, none doubled, no empty batch, larger first, sizes within one, bounds kept."""
    sizes = distribute(total, batch, tasks, least)
    assert sum(sizes) == total
    assert len(sizes) <= tasks
    assert sizes == sorted(sizes, reverse=True)
    if sizes:
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
    if total < batch * tasks and len(sizes) > 1:
        assert min(sizes) >= least


@pytest.mark.parametrize("arguments", [(-1, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)])
def test_bad_arguments_of_a_distribution_are_named(arguments: tuple[int, int, int, int]) -> None:
    """Nothing is divided by zero or launched for minus three scenes."""
    with pytest.raises(ValueError, match=r"must be at least 1|cannot be negative"):
        distribute(*arguments)


# -- plan


def test_a_burst_is_spread_and_the_plan_says_why() -> None:
    """The sentence that operators and the demo show."""
    made = plan(Backlog(6, 60), [], Policy(scenes_per_batch=3, min_scenes_per_batch=1), {}, NOW_MS)
    assert made.launches == (3, 3)
    assert made.why.startswith("6 ready → 2 containers × 3, because")


def test_containers_that_start_are_counted_so_nothing_is_launched_twice() -> None:
    """A slow start covers its batch until the hello time-out."""
    starting = [container("launched", batch=5), container("intended", batch=5)]
    assert plan(Backlog(10, 100), starting, Policy(), {}, NOW_MS).launches == ()
    late = [record.model_copy(update={"intended_ms": NOW_MS - 200_000}) for record in starting]
    assert sum(plan(Backlog(10, 100), late, Policy(), {}, NOW_MS).launches) == 10


def test_what_running_containers_have_left_is_taken_off() -> None:
    """Budget less what is done, failed or held."""
    running = [container(batch=10, done=3, held=2)]
    made = plan(Backlog(9, 90), running, Policy(min_scenes_per_batch=1), {}, NOW_MS)
    assert sum(made.launches) == 4


def test_draining_and_ended_containers_are_no_capacity() -> None:
    """What leaves takes nothing more."""
    leaving = [container(batch=10, is_draining=True), container("gone", batch=10), container("failed", batch=10)]
    assert sum(plan(Backlog(10, 100), leaving, Policy(), {}, NOW_MS).launches) == 10


def test_a_paused_queue_launches_nothing() -> None:
    """And says so."""
    made = plan(Backlog(10, 100, is_paused=True), [], Policy(), {}, NOW_MS)
    assert (made.launches, made.why) == ((), "10 ready, but the queue is paused")


def test_the_deadline_policy_takes_the_fewest_that_finish_in_time() -> None:
    """3,600 s of video at rate 1 in nine tenths of 344 s, after 45 of starting: 12 slots, 6 containers of 2."""
    policy = Policy(policy="deadline", deadline_s=389)
    assert len(plan(Backlog(100, 3600), [], policy, {"render": 1.0}, NOW_MS).launches) == 6
    assert len(plan(Backlog(100, 3600), [], policy, {"render": 2.0}, NOW_MS).launches) == 12


def test_the_minimum_is_kept_when_idle() -> None:
    """Warm containers, for those who pay for them."""
    assert plan(Backlog(0), [], Policy(min_containers=2), {}, NOW_MS).launches == (0, 0)


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
)


@given(ready=st.integers(0, 5000), containers=st.lists(_records, max_size=20), policy=_policies)
def test_no_plan_breaks_a_bound(ready: int, containers: list[ContainerRecord], policy: Policy) -> None:
    """Containers, launches a tick and dollars an hour, under every policy; and nothing for nothing."""
    made = plan(Backlog(ready, ready * 5.0), containers, policy, {}, NOW_MS)
    alive = made.starting + made.running
    assert len(made.launches) <= policy.launches_per_tick
    assert not made.launches or alive + len(made.launches) <= policy.max_containers
    if policy.budget_usd_per_hour is not None and made.launches:
        each = usd_per_hour(policy.size.vcpu, policy.size.memory_mib)
        assert made.usd_per_hour + each * len(made.launches) <= policy.budget_usd_per_hour + 1e-6
    if not ready:
        assert made.launches == ()
    assert made.why


# -- reaping


def seen(record: ContainerRecord, *, is_running: bool = True) -> FleetContainer:
    """The same container as its fleet sees it."""
    return FleetContainer(f"h-{record.container_id}", record.container_id, is_running, started_ms=record.started_ms)


@pytest.mark.parametrize(
    ("fields", "is_running", "action", "reason"),
    [
        ({}, True, None, ""),
        ({"held": 1, "beat_ms": NOW_MS - 59_000}, True, None, ""),
        ({"beat_ms": NOW_MS - 61_000}, True, Action.STOP, "silent"),
        ({"beat_ms": NOW_MS - 61_000}, None, Action.FORGET, "silent"),
        ({}, False, Action.FORGET, "ended"),
        ({"held": 2}, False, Action.FORGET, "ended"),
        ({"idle_since_ms": NOW_MS - 25_000}, True, None, ""),
        ({"idle_since_ms": NOW_MS - 31_000}, True, Action.DRAIN, "idle"),
        ({"idle_since_ms": NOW_MS - 41_000, "is_draining": True}, True, Action.STOP, "idle"),
        ({"idle_since_ms": NOW_MS - 41_000, "held": 1}, True, None, ""),
        ({"state": "launched", "intended_ms": NOW_MS - 179_000}, True, None, ""),
        ({"state": "launched", "intended_ms": NOW_MS - 181_000}, True, Action.STOP, "never reported"),
        ({"state": "intended", "intended_ms": NOW_MS - 181_000}, None, Action.FORGET, "never reported"),
    ],
)
def test_verdicts(fields: dict[str, object], is_running: "bool | None", action: "Action | None", reason: str) -> None:
    """One line per way in which a container is fine, or is not."""
    record = container(**{"state": "running", **fields})
    fleet = [] if is_running is None else [seen(record, is_running=is_running)]
    verdicts = find_reapable([record], fleet, NOW_MS, Limits())
    assert [verdict.action for verdict in verdicts] == ([action] if action else [])
    assert all(reason in verdict.reason for verdict in verdicts)


def test_an_old_container_drains_first_and_is_stopped_when_it_holds_nothing() -> None:
    """Maximum lifetimes are ours to enforce."""
    born = NOW_MS - 7 * 3_600_000
    old = container(started_ms=born, held=1)
    limits = Limits()
    assert [verdict.action for verdict in find_reapable([old], [seen(old)], NOW_MS, limits)] == [Action.DRAIN]
    draining = old.model_copy(update={"is_draining": True})
    assert [verdict.action for verdict in find_reapable([draining], [seen(old)], NOW_MS, limits)] == [Action.STOP]
    young = old.model_copy(update={"is_draining": True, "started_ms": NOW_MS - 6 * 3_600_000 - 5000})
    assert find_reapable([young], [seen(old)], NOW_MS, limits) == []


def test_an_unknown_container_is_stopped_only_after_it_could_have_said_hello() -> None:
    """It may have been launched a moment ago by another dispatcher."""
    stranger = FleetContainer("h", ContainerId("x"), is_running=True, started_ms=NOW_MS - 10_000)
    assert find_reapable([], [stranger], NOW_MS, Limits()) == []
    old = FleetContainer("h", ContainerId("x"), is_running=True, started_ms=NOW_MS - 200_000)
    assert [verdict.action for verdict in find_reapable([], [old], NOW_MS, Limits())] == [Action.STOP]


def test_a_container_that_said_goodbye_but_runs_on_is_stopped() -> None:
    """A hung exit is not paid for."""
    record = container("gone", ended_ms=NOW_MS - 61_000)
    assert [verdict.action for verdict in find_reapable([record], [seen(record)], NOW_MS, Limits())] == [Action.STOP]


def test_an_idle_container_stays_while_it_is_paid_for_anyway() -> None:
    """Idle for 45 s, but its paid minute is over since 5 s only; then since 15."""
    limits = Limits(least_life_s=60.0)
    for age_s, drained in ((65, 0), (75, 1)):
        young = container(started_ms=NOW_MS - age_s * 1000, idle_since_ms=NOW_MS - 45_000)
        assert len(find_reapable([young], [seen(young)], NOW_MS, limits)) == drained


def test_the_minimum_of_idle_containers_is_left_alone() -> None:
    """As many as the operator wants warm."""
    idle = [container(idle_since_ms=NOW_MS - 35_000) for _ in range(3)]
    assert len(find_reapable(idle, [seen(record) for record in idle], NOW_MS, Limits(), min_containers=2)) == 1


# -- money


def test_prices_are_fargates() -> None:
    """2 vCPU and 4 GiB in us-east-1: 9.8741 cents an hour."""
    assert usd_per_hour(2, 4096) == pytest.approx(0.098741, rel=1e-4)
    assert usd_per_hour(2, 4096, architecture="arm64") < usd_per_hour(2, 4096)
    assert usd_per_hour(2, 4096, is_spot=True) == pytest.approx(0.3 * usd_per_hour(2, 4096))
    assert usd_per_hour(2, 4096, region="nowhere-1") == usd_per_hour(2, 4096)


def test_a_container_costs_a_minute_at_least_and_whole_seconds() -> None:
    """As AWS bills: from start to stop."""
    short = container(started_ms=NOW_MS - 5000, ended_ms=NOW_MS)
    longer = container(started_ms=NOW_MS - 90_400, ended_ms=NOW_MS)
    hourly = usd_per_hour(2, 4096)
    assert cost_usd(short, NOW_MS) == pytest.approx(hourly / 60)
    assert cost_usd(longer, NOW_MS) == pytest.approx(hourly * 91 / 3600)
    assert cost_usd(container("failed", started_ms=0, launched_ms=0), NOW_MS) == 0
    assert hourly_usd([short, longer]) == pytest.approx(2 * hourly)


@pytest.mark.parametrize(
    ("scenes", "urgency", "expected"),
    [(4, "urgent", (4, 1, 4)), (40, "urgent", (4, 1, 10)), (21, "routine", (2, 5, 8)), (20, "routine", (1, 3, 4))],
)
def test_sizes_follow_urgency_and_number(scenes: int, urgency: "str", expected: tuple[int, int, int]) -> None:
    """Urgent, large, routine."""
    assert tuple(choose_size(scenes, urgency)) == expected  # type: ignore[arg-type]
