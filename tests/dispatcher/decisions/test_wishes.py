"""Jobs with wishes are planned one by one, within the operator's bounds, and nobody is reserved."""

import pytest
from hypothesis import given, strategies as st

from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import Backlog, one_need
from dispatcher.decisions.planning.coverage import Demand, Room, cover
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.presence import remaining_capacity
from dispatcher.decisions.pricing import hourly_usd
from dispatcher.decisions.sizing import Share, share_of
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.wishes import JobWishes, WishedJob
from tests.dispatcher.ledger import NOW_MS, container


def job(name: str = "a", ready: int = 8, *, total: int | None = None, is_urgent: bool = False, **wishes: int) -> WishedJob:
    """A job whose items are all ready, unless told otherwise."""
    return WishedJob(JobId(name), is_urgent, ready if total is None else total, ready, float(ready), JobWishes(**wishes))


def backlog(*jobs: WishedJob, others: int = 0) -> Backlog:
    """A backlog of these jobs and of `others` items of jobs without wishes."""
    ready = others + sum(each.ready for each in jobs)
    return one_need(ready, float(ready), jobs=jobs)


# -- what is wished


@pytest.mark.parametrize(
    ("wished", "share"),
    [
        # The three choices of the published choose_optimal_config.
        (job(ready=7, is_urgent=True), Share(4, 1, 7, 1)),
        (job(ready=21), Share(2, 5, 8, 5)),
        (job(ready=20), Share(1, 3, 4, 3)),
        (job(ready=1, total=40), Share(2, 5, 8, 5)),
        (job(ready=50, scenes_per_batch=10, max_parallel_tasks=10), Share(2, 10, 10, 5)),
        (job(ready=50, scenes_per_batch=10, min_scenes_per_batch=2, config_priority=5), Share(5, 10, 8, 2)),
        (job(ready=3, scenes_per_batch=1), Share(1, 1, 4, 1)),
    ],
)
def test_what_is_not_wished_follows_lane_and_length(wished: WishedJob, share: Share) -> None:
    """Of the whole job, not of what is left of it; the least batch is never more than the batch."""
    assert share_of(wished) == share


def test_a_job_with_wishes_is_planned_alone() -> None:
    """Its own batches and its own size, beside what the operator's settings plan for all others."""
    wished = job("mine", 8, scenes_per_batch=2, max_parallel_tasks=4, config_priority=3)
    made = plan(backlog(wished, others=20), [], Policy(), {}, NOW_MS)
    assert made.orders == (*[Order(2, 3, "mine")] * 4, Order(10, 1), Order(10, 1))
    assert made.launches == (2, 2, 2, 2, 10, 10)
    assert "job mine wishes about 2 each, in at most 4" in made.why.text
    assert "batches of about 10" in made.why.text


def test_the_sentence_of_a_job_alone() -> None:
    """The plan's sentence names the job and its wishes."""
    made = plan(backlog(job("mine", 8, scenes_per_batch=2, max_parallel_tasks=4)), [], Policy(), {}, NOW_MS)
    assert made.why.text == "8 ready → 4 containers × 2, because job mine wishes about 2 each, in at most 4"


def test_what_was_launched_by_a_job_s_wishes_covers_it_first() -> None:
    """It is launched once; when a container is lost, only what it left is, and never beyond the wished number."""
    wished = job("mine", 8, scenes_per_batch=2, max_parallel_tasks=4)
    started = [container("launched", batch=2, for_job="mine") for _ in range(4)]
    assert plan(backlog(wished), started, Policy(), {}, NOW_MS).orders == ()
    assert plan(backlog(wished), started[:3], Policy(), {}, NOW_MS).orders == (Order(2, 1, "mine"),)
    busy = [container(batch=2, done=2, slots=1, held=1, for_job="mine") for _ in range(4)]
    made = plan(backlog(wished), busy, Policy(), {}, NOW_MS)
    assert (made.orders, made.uncovered) == ((), 8)
    assert "job mine has all 4 containers that it may have" in made.why.text


def test_others_containers_are_counted_for_their_own_work_first() -> None:
    """Of what they have left beyond, the job gets its share: nobody is reserved."""
    wished = job("mine", 8, scenes_per_batch=2, max_parallel_tasks=4)
    running = [container(batch=10)]
    assert len(plan(backlog(wished, others=10), running, Policy(), {}, NOW_MS).orders) == 4
    assert plan(backlog(wished, others=4), running, Policy(), {}, NOW_MS).orders == (Order(2, 1, "mine"),)
    assert plan(backlog(wished), running, Policy(), {}, NOW_MS).orders == ()


def test_what_a_job_s_containers_have_left_covers_others() -> None:
    """Those of a job that has nothing more ready, and those of one that has ended."""
    idle = [container(batch=10, for_job="mine"), container(batch=10, for_job="gone")]
    assert plan(backlog(job("mine", 2), others=18), idle, Policy(), {}, NOW_MS).orders == ()


def test_a_paused_queue_launches_nothing_for_wishes_either() -> None:
    """Pausing is the operator's."""
    waiting = one_need(8, 8.0, is_paused=True, jobs=(job(),))
    assert plan(waiting, [], Policy(min_containers=3), {}, NOW_MS).orders == ()


def test_of_many_jobs_only_some_are_named() -> None:
    """The sentence stays one."""
    made = plan(backlog(*(job(f"j{number}") for number in range(50))), [], Policy(max_containers=1000), {}, NOW_MS)
    assert "47 more jobs have wishes" in made.why.text
    assert len(made.orders) == 100


_count = st.none() | st.integers(1, 50)
_jobs = st.lists(
    st.builds(
        lambda ready, more, is_urgent, wishes: (ready, more, is_urgent, wishes),
        st.integers(0, 400), st.integers(0, 50), st.booleans(),
        st.builds(
            JobWishes, scenes_per_batch=_count, max_parallel_tasks=_count, min_scenes_per_batch=_count,
            config_priority=st.none() | st.integers(1, 5),
        ),
    ),
    max_size=6,
).map(
    lambda drawn: tuple(
        WishedJob(JobId(f"j{n}"), is_urgent, ready + more, ready, float(ready), wishes)
        for n, (ready, more, is_urgent, wishes) in enumerate(drawn)
    )
)  # fmt: skip
_containers = st.lists(
    st.builds(
        container,
        st.sampled_from(["intended", "launched", "running", "draining", "gone"]),
        batch=st.integers(0, 50),
        done=st.integers(0, 60),
        slots=st.integers(0, 4),
        for_job=st.sampled_from(["", "j0", "j1", "j2", "elsewhere"]),
    ),
    max_size=15,
)
_bounds = st.builds(
    Policy,
    policy=st.sampled_from(["batch", "deadline", "budget"]),
    max_containers=st.integers(1, 60),
    launches_per_tick=st.integers(1, 60),
    budget_usd_per_hour=st.none() | st.floats(0.01, 20),
    config_priority=st.integers(1, 5),
)


@given(jobs=_jobs, others=st.integers(0, 500), containers=_containers, policy=_bounds)
def test_no_wish_breaks_a_bound(
    jobs: tuple[WishedJob, ...], others: int, containers: list[ContainerRecord], policy: Policy
) -> None:
    """Containers, launches a tick, dollars an hour, and of a job no more containers than it wishes."""
    made = plan(backlog(*jobs, others=others), containers, policy, {}, NOW_MS)
    there = [record for record in containers if record.state != "gone"]
    assert len(made.orders) <= policy.launches_per_tick
    assert not made.orders or len(there) + len(made.orders) <= policy.max_containers
    if policy.budget_usd_per_hour is not None and made.orders:
        cost = hourly_usd(there) + sum(policy.usd_per_hour_of(order.config_priority) for order in made.orders)
        assert cost <= policy.budget_usd_per_hour + 1e-6
    for each in jobs:
        own = [order for order in made.orders if order.for_job == each.job_id]
        share = share_of(each)
        there_for_it = sum(r.for_job == each.job_id and r.state in {"intended", "launched", "running"} for r in containers)
        assert not own or len(own) + there_for_it <= share.max_parallel_tasks
        assert {order.config_priority for order in own} <= {share.config_priority}
        assert sum(order.batch for order in own) <= each.ready
    assert made.why.text


@given(jobs=_jobs, others=st.integers(0, 500))
def test_without_bounds_every_ready_item_is_in_one_batch(jobs: tuple[WishedJob, ...], others: int) -> None:
    """Sizes add up, for each job and for all, and each job's are its own distribution."""
    made = plan(backlog(*jobs, others=others), [], Policy(max_containers=10_000, launches_per_tick=10_000), {}, NOW_MS)
    assert sum(made.launches) == others + sum(each.ready for each in jobs)
    for each in jobs:
        share = share_of(each)
        batches = [order.batch for order in made.orders if order.for_job == each.job_id]
        assert batches == distribute(each.ready, *share[1:])
    assert made.uncovered == made.ready


@given(jobs=_jobs, others=st.integers(0, 500), containers=_containers)
def test_what_is_covered_adds_up(jobs: tuple[WishedJob, ...], others: int, containers: list[ContainerRecord]) -> None:
    """No item is counted twice or forgotten: uncovered is what is ready less what is taken, and one container more never
    leaves more uncovered.
    """
    ready = others + sum(each.ready for each in jobs)
    named = {each.job_id for each in jobs}
    takes = [(record.for_job if record.for_job in named else "", remaining_capacity(record)) for record in containers]
    demands = [Demand("", others), *(Demand("", each.ready, each.job_id) for each in jobs)]
    covered = cover(demands, rooms(takes))
    left = sum(demand.items for demand in demands) - sum(covered)
    assert left == max(0, ready - sum(taken for _, taken in takes))
    assert all(0 <= taken <= demand.items for demand, taken in zip(demands, covered, strict=True))
    more = cover(demands, rooms([*takes, ("j0" if "j0" in named else "", 7)]))
    assert ready - sum(more) <= left


def rooms(takes: list[tuple[str, int]]) -> dict[Room, int]:
    """Room in containers that serve all needs, by the job that they were launched for."""
    found: dict[Room, int] = {}
    for for_job, taken in takes:
        room = Room(None, for_job)
        found[room] = found.get(room, 0) + taken
    return found


@given(total=st.integers(0, 2000), per_batch=st.integers(1, 50), most=st.integers(1, 50), least=st.integers(1, 50))
def test_the_number_of_batches_is_the_published_rule_s(total: int, per_batch: int, most: int, least: int) -> None:
    """As counted down one by one, however large the numbers are; and never fewer for more scenes."""
    batches = distribute(total, per_batch, most, least)
    tasks = most if total >= per_batch * most else -(-total // per_batch)
    while total < per_batch * most and tasks > 1 and total // tasks < least:
        tasks -= 1
    assert len(batches) == tasks if total else batches == []
    assert len(distribute(total + 1, per_batch, most, least)) >= len(batches)
    assert len(distribute(10**15, 10**6, 10, 1)) == 10


# -- on a real queue
