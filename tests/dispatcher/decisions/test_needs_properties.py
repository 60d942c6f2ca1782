"""Whatever waits and whatever runs: plans for several needs keep their bounds and cover all that they can."""

import itertools

from hypothesis import given, strategies as st

from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import Backlog, Profile
from dispatcher.decisions.planning.coverage import Demand, cover
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.presence import count_present
from dispatcher.decisions.pricing import hourly_usd
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Lane
from scenequeue.structure.keys import STRUCTURES
from tests.dispatcher.decisions.needs import BOTH, A, B, C, image, waiting
from tests.dispatcher.ledger import NOW_MS, container

_NEEDS = (A, B, C, "copy/1")


_sets = st.lists(st.sampled_from(_NEEDS), unique=True, max_size=4).map(" ".join)


_records = st.lists(
    st.builds(
        container,
        st.sampled_from(["intended", "launched", "running", "draining", "gone"]),
        batch=st.integers(0, 30),
        done=st.integers(0, 30),
        slots=st.integers(0, 4),
        serves=_sets,
        needs=_sets,
        is_draining=st.booleans(),
    ),
    max_size=12,
)


_backlogs = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=4, max_size=4).map(
    lambda drawn: Backlog(
        tuple(
            waiting(need, normal, urgent=urgent, bulk=bulk, weight=2.0 * normal)
            for need, (urgent, normal, bulk) in zip(_NEEDS, drawn, strict=True)
        )
    )
)


_images = st.lists(
    st.builds(
        lambda serves, probes, usd, room: (serves.split(), probes.split(), usd, room),
        _sets, _sets, st.sampled_from([0.1, 0.2, 0.5]), st.none() | st.integers(0, 5),
    ),
    min_size=1,
    max_size=3,
).map(
    lambda drawn: [
        image(f"i{number}", *serves, usd=usd, to_probe=tuple(probes), room=room)
        for number, (serves, probes, usd, room) in enumerate(drawn)
    ]
)  # fmt: skip


_policies = st.builds(
    Policy,
    policy=st.sampled_from(["batch", "deadline", "budget"]),
    max_parallel_tasks=st.integers(1, 20),
    max_containers=st.integers(1, 30),
    min_containers=st.integers(0, 5),
    launches_per_tick=st.integers(1, 20),
    budget_usd_per_hour=st.none() | st.floats(0.01, 10),
)


@given(backlog=_backlogs, containers=_records, policy=_policies, images=_images)
def test_no_plan_breaks_a_bound_or_launches_in_vain(
    backlog: Backlog, containers: list[ContainerRecord], policy: Policy, images: list[Profile]
) -> None:
    """Over all needs together: containers, launches, dollars, each fleet's room; and every order's image serves its needs."""
    made = plan(backlog, containers, policy, {}, NOW_MS, images)
    there = [record for record in containers if record.state != "gone"]
    assert len(made.orders) <= policy.launches_per_tick
    assert not made.orders or len(there) + len(made.orders) <= policy.max_containers
    by_name = {each.name: each for each in images}
    if policy.budget_usd_per_hour is not None and made.orders:
        added = sum(by_name[order.image].usd_per_hour[1] for order in made.orders)
        assert hourly_usd(there) + added <= policy.budget_usd_per_hour + 1e-6
    probes = 0
    for order in made.orders:
        profile = by_name[order.image]
        served = [profile.is_known_to_serve(need) for need in order.needs]
        if not all(served):
            probes += 1
            assert not any(served)
            assert set(order.needs) <= profile.to_probe
    assert probes <= len(images)
    for profile in images:
        count = sum(order.image == profile.name for order in made.orders)
        assert profile.room is None or count <= profile.room
    alarmed = {alarm.parameters["need"] for alarm in made.alarms}
    for each in made.needs:
        is_unserved = not any(profile.is_known_to_serve(each.need) for profile in images)
        assert (each.need in alarmed) == (is_unserved and each.uncovered > 0)
    assert made.why.text


@given(backlog=_backlogs, containers=_records)
def test_as_many_items_are_covered_as_can_be(backlog: Backlog, containers: list[ContainerRecord]) -> None:
    """By Hall's theorem: what is not covered is the largest lack of any set of needs beside the room for it."""
    made = plan(backlog, containers, Policy(), {}, NOW_MS, [BOTH])
    rooms = count_present(containers, set(), Policy().hello_timeout_s, NOW_MS, STRUCTURES).rooms
    lack = 0
    for count in range(len(_NEEDS) + 1):
        for chosen in itertools.combinations(backlog.needs, count):
            names = {each.need for each in chosen}
            room = sum(items for each, items in rooms.items() if each.serves is None or each.serves & names)
            lack = max(lack, sum(each.ready for each in chosen) - room)
    assert made.uncovered == lack


@given(backlog=_backlogs, containers=_records)
def test_urgent_items_are_covered_as_if_there_were_no_others(backlog: Backlog, containers: list[ContainerRecord]) -> None:
    """Items that come after them in the order take nothing from them."""
    urgent = [Demand(each.need, each.ready_by_lane[Lane.URGENT]) for each in backlog.needs]
    others = [Demand(each.need, each.ready_by_lane[Lane.NORMAL]) for each in backlog.needs]
    rooms = count_present(containers, set(), Policy().hello_timeout_s, NOW_MS, STRUCTURES).rooms
    assert sum(cover([*urgent, *others], rooms)[: len(urgent)]) == sum(cover(urgent, rooms))


@given(backlog=_backlogs, containers=_records, policy=_policies)
def test_a_need_that_does_not_wait_changes_no_launch(backlog: Backlog, containers: list[ContainerRecord], policy: Policy) -> None:
    """Nor does the order in which needs are told change how many are launched for."""
    all_of_them = [image("all", *_NEEDS)]
    made = plan(backlog, containers, policy, {}, NOW_MS, all_of_them)
    more = Backlog((*backlog.needs, waiting("probe/9")))
    assert plan(more, containers, policy, {}, NOW_MS, all_of_them).launches == made.launches
    turned = Backlog(tuple(reversed(backlog.needs)))
    assert plan(turned, containers, policy, {}, NOW_MS, all_of_them).launches == made.launches
