"""The plan beside two structures of the queue: containers and images count for the structures that they look at."""

from typing import Any

import pytest

from dispatcher.decisions.planner import Plan, plan
from dispatcher.decisions.planning.backlog import Backlog, Profile, Waiting
from dispatcher.decisions.planning.images import PROBE_AFTER_S, profile_of
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.served_needs import launched_for, served_by
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Lane
from tests.dispatcher.ledger import NOW_MS, container

NEWER, OLDER = (3, 2), (2,)
A, A2 = "render/1", "render/1@2"


def _plan(
    waiting: dict[str, int], containers: list[ContainerRecord], structures: tuple[int, ...] = NEWER, image: str = "videos:1"
) -> Plan:
    """The plan of a dispatcher that looks at these structures, by what it knows of its image."""
    profile = profile_of(containers, Policy(), waiting, NOW_MS, structures, image)
    needs = tuple(Waiting(need, {Lane.NORMAL: items}) for need, items in waiting.items())
    return plan(Backlog(needs, structures=structures), containers, Policy(), {}, NOW_MS, [profile])


def _uncovered(made: Plan) -> dict[str, int]:
    return {each.need: each.uncovered for each in made.needs}


@pytest.mark.parametrize(
    ("said", "seen_by", "serves"),
    [
        ("2", OLDER, {A}),
        ("3 2", NEWER, {A, A2}),
        # An older container does nothing of what waits in the newer structure, a newer one does what waits in the older.
        ("2", NEWER, {A2}),
        ("3 2", OLDER, {A}),
        ("4 3", NEWER, {A}),
        ("4", NEWER, set()),
        # By a foreign hand.
        ("", NEWER, set()),
        ("two", NEWER, set()),
    ],
)
def test_a_container_serves_its_needs_in_the_structures_that_it_and_the_dispatcher_look_at(
    said: str, seen_by: tuple[int, ...], serves: set[str]
) -> None:
    """Named as the dispatcher names them: without a number in its own newest one."""
    assert served_by(container(serves="render/1", structures=said), seen_by) == serves


@pytest.mark.parametrize(
    ("needs", "launched_by", "seen_by", "counts_for"),
    [
        ("render/1", "2", NEWER, {A2}),
        ("render/1 stitch/1", "2", OLDER, {A, "stitch/1"}),
        ("render/1 stitch/1@2", "3 2", NEWER, {A, "stitch/1@2"}),
        ("render/1 stitch/1@2", "3 2", OLDER, {"stitch/1"}),
        ("render/1@x", "3 2", NEWER, {"render/1@x"}),
        ("render/1", "", NEWER, set()),
        ("render/1", "two", NEWER, set()),
    ],
)
def test_an_intent_names_needs_by_the_structures_of_the_dispatcher_that_wrote_it(
    needs: str, launched_by: str, seen_by: tuple[int, ...], counts_for: set[str]
) -> None:
    """Another dispatcher that takes over counts the start for the same items."""
    record = container("launched", needs=needs, structures=launched_by)
    assert launched_for(record, seen_by) == counts_for
    assert served_by(record, seen_by) == counts_for


def test_a_container_that_does_not_say_looks_at_structure_2() -> None:
    """Programs before the field do not."""
    assert container(serves="render/1").structures == "2"


def test_old_containers_are_no_capacity_for_what_waits_in_a_newer_structure() -> None:
    """The new dispatcher launches for that, and not for what the old containers will take."""
    old = container(batch=50, image="videos:1", serves="render/1", structures="2")
    made = _plan({A: 20, A2: 20}, [old], image="videos:2")
    assert _uncovered(made) == {A: 20, A2: 0}
    assert made.orders == (Order(10, 1, image="videos:2", needs=(A, A2)),) * 2


def test_new_containers_are_capacity_for_an_old_dispatcher() -> None:
    """It launches nothing beside them."""
    new = container(batch=20, serves="render/1", structures="3 2")
    assert _plan({A: 20}, [new], OLDER).orders == ()


def test_a_new_container_counts_once_for_both_structures() -> None:
    """Twenty places are no forty."""
    new = container(batch=20, image="videos:1", serves="render/1", structures="3 2")
    assert sum(_uncovered(_plan({A: 20, A2: 20}, [new])).values()) == 20


def test_an_old_image_is_not_launched_for_a_newer_structure_and_the_plan_says_so() -> None:
    """The dispatcher was upgraded, its image was not: what waits in the older structure goes on, the rest is an alarm."""
    old = container("gone", image="videos:1", serves="render/1", structures="2")
    made = _plan({A: 20, A2: 10}, [old])
    assert made.orders == (Order(10, 1, image="videos:1", needs=(A2,)),)
    (alarm,) = made.alarms
    assert alarm.code == "unserved_structure"
    assert alarm.text == (
        "20 items wait for render/1, but containers of videos:1 do not look at structure 3 of the queue; "
        "deploy an image of the dispatcher's version"
    )
    assert made.unserved == 20
    # An image of another name is tried at once.
    assert {order.needs for order in _plan({A: 20, A2: 10}, [old], image="videos:2").orders} == {(A, A2)}


def test_an_old_image_is_probed_for_the_newer_structure_with_one_container_a_pause() -> None:
    """As for any need: the image of that name may be newer by then; a probe that has not said hello yet is one all the same."""
    ago = round(PROBE_AFTER_S * 1000)
    old = container("gone", intended_ms=NOW_MS - ago, image="videos:1", serves="render/1", structures="2")
    assert _plan({A: 50}, [old]).orders == (Order(10, 1, image="videos:1", needs=(A,)),)
    probe: dict[str, Any] = {"intended_ms": NOW_MS - 1000, "image": "videos:1"}
    silent = container("failed", needs=A, structures="3 2", **probe)
    assert _plan({A: 50}, [old, silent]).orders == ()
    answered = container("gone", needs=A, serves="render/1", structures="2", **probe)
    assert _plan({A: 50}, [old, answered]).orders == ()


def test_an_old_dispatcher_takes_a_new_image_for_one_of_its_own() -> None:
    """After going back, containers of the newer version still say what they serve."""
    new = container("gone", image="videos:1", serves="render/1", structures="3 2")
    assert profile_of([new], Policy(), [A], NOW_MS, OLDER, "videos:1") == Policy().profile("videos:1", frozenset({A}))


def test_a_plan_names_what_waits_in_an_older_structure() -> None:
    """In words, not as the queue does."""
    made = _plan({A: 20, A2: 10}, [])
    assert made.why.text.startswith("30 ready (20 render/1, 10 render/1 of structure 2) → 3 containers × 10")
    unserved = Profile("videos:1", {1: 1.0}, {1: 2}, serves=frozenset({"stitch/1"}))
    backlog = Backlog((Waiting(A2, {Lane.NORMAL: 1}),), structures=NEWER)
    (alarm,) = plan(backlog, [], Policy(), {}, NOW_MS, [unserved]).alarms
    assert alarm.text.startswith("1 item waits for render/1 of structure 2, which containers of videos:1 do not serve")
