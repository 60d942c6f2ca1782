"""The plan for several needs: each has its own backlog, rate and image, and containers are counted once over all."""

import itertools

import pytest

from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import Backlog
from dispatcher.decisions.planning.coverage import Room
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.presence import count_present, remaining_capacity
from dispatcher.decisions.planning.served_needs import served_by
from dispatcher.decisions.pricing import hourly_usd
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.wishes import JobWishes, WishedJob
from scenequeue.structure.keys import STRUCTURES
from tests.dispatcher.decisions.needs import BOTH, A, B, C, image, waiting
from tests.dispatcher.ledger import NOW_MS, container

# -- what is there is counted once


def test_room_for_two_needs_is_counted_for_one_of_them() -> None:
    """Ten places that serve both take ten items, not twenty; the urgent ones first."""
    running = [container(batch=10, serves=f"{A} {B}")]
    made = plan(Backlog((waiting(A, 10), waiting(B, urgent=10))), running, Policy(), {}, NOW_MS, [BOTH])
    assert {each.need: each.uncovered for each in made.needs} == {A: 10, B: 0}
    assert (made.covered, made.uncovered, sum(made.launches)) == (10, 10, 10)


def test_who_can_do_only_one_thing_does_it_so_that_others_are_free() -> None:
    """Whatever the order in which the needs stand: a container for A takes A, and that for both takes B."""
    running = [container(batch=5, serves=f"{A} {B}"), container(batch=5, serves=A)]
    for needs in itertools.permutations([waiting(A, 5), waiting(B, 5)]):
        assert plan(Backlog(needs), running, Policy(), {}, NOW_MS, [BOTH]).uncovered == 0


def test_urgent_items_may_take_the_room_of_others() -> None:
    """It is what the containers will do; the others get a container of their own."""
    running = [container(batch=5, serves=f"{A} {B}")]
    made = plan(Backlog((waiting(A, urgent=5), waiting(B, 5))), running, Policy(), {}, NOW_MS, [BOTH])
    assert made.orders == (Order(5, 1, image="both", needs=(A, B)),)


def test_urgent_items_stay_urgent_beside_a_job_with_wishes() -> None:
    """Items that the job has ready in another lane are taken off there."""
    job = WishedJob(JobId("mine"), False, 5, 5, 5.0, JobWishes(), A)
    backlog = Backlog((waiting(B, 5), waiting(A, 5, urgent=5)), jobs=(job,))
    made = plan(backlog, [container(batch=5, serves=f"{A} {B}")], Policy(), {}, NOW_MS, [BOTH])
    assert {each.need: each.uncovered for each in made.needs} == {A: 5, B: 5}


def test_before_its_hello_a_container_counts_for_what_it_was_launched_for_and_afterwards_for_what_it_says() -> None:
    """An old image that was launched for a newer kind covers it until it says otherwise."""
    backlog = Backlog((waiting(A, 5),))
    starting = container("launched", batch=5, needs=A)
    assert plan(backlog, [starting], Policy(), {}, NOW_MS, [BOTH]).launches == ()
    said = starting.model_copy(update={"state": "running", "serves": B})
    assert plan(backlog, [said], Policy(), {}, NOW_MS, [BOTH]).launches == (5,)


def test_what_drains_costs_money_and_takes_nothing() -> None:
    """Of any need."""
    draining = container(batch=10, serves=f"{A} {B}", is_draining=True)
    made = plan(Backlog((waiting(A, 5), waiting(B, 5))), [draining], Policy(), {}, NOW_MS, [BOTH])
    assert (made.uncovered, made.usd_per_hour) == (10, hourly_usd([draining]))


# -- what is launched


def test_needs_of_one_image_share_its_batches() -> None:
    """One image serves all by default: another kind of work makes no containers of its own."""
    made = plan(Backlog((waiting(A, 45), waiting(B, 5))), [], Policy(), {}, NOW_MS, [BOTH])
    assert made.launches == (10,) * 5
    assert made.why.text == (
        f"50 ready (45 {A}, 5 {B}) → 5 containers × 10, because batches of about 10, at least 5, in at most 10"
    )


def test_each_need_gets_the_image_that_serves_it_and_the_sentence_says_which() -> None:
    """In turns, so that a bound cuts both."""
    images = [image("film", A), image("code", C)]
    made = plan(Backlog((waiting(A, 20), waiting(C, 20))), [], Policy(launches_per_tick=3), {}, NOW_MS, images)
    assert [order.image for order in made.orders] == ["film", "code", "film"]
    assert f"{A}: batches of about 10" in made.why.text
    assert f"{C}: batches of about 10" in made.why.text
    assert made.why.text.endswith("limited to 3 launches a tick")


def test_urgent_needs_are_launched_for_first() -> None:
    """Others wait where not all can be launched for."""
    images = [image("film", A), image("code", C)]
    made = plan(Backlog((waiting(A, 20), waiting(C, urgent=20))), [], Policy(max_containers=2), {}, NOW_MS, images)
    assert [order.image for order in made.orders] == ["code", "code"]


def test_the_cheapest_image_with_room_is_taken() -> None:
    """The next that serves the need where its fleet is full."""
    images = [image("dear", A, usd=2.0), image("cheap", A, usd=1.0, room=1)]
    made = plan(Backlog((waiting(A, 20),)), [], Policy(), {}, NOW_MS, images)
    assert [order.image for order in made.orders] == ["cheap"]
    assert "limited by the room that cheap has left" in made.why.text
    images[1] = image("cheap", A, usd=1.0, room=0)
    assert [order.image for order in plan(Backlog((waiting(A, 20),)), [], Policy(), {}, NOW_MS, images).orders] == ["dear"] * 2


def test_weights_become_seconds_by_each_needs_own_rate_before_they_are_added() -> None:
    """100 s of video at 2 and 50 MB at 4 s each are 400 s of work; neither rate is the other's."""
    backlog = Backlog((waiting(A, 50, weight=100.0), waiting(B, 50, weight=50.0)))
    policy = Policy(policy="deadline", deadline_s=100, start_up_s=0, min_billed_s=0)
    made = plan(backlog, [], policy, {A: 2.0, B: 4.0}, NOW_MS, [BOTH])
    assert "400 s of work in 100 s needs 3 containers of 2 slots each" in made.why.text
    assert [each.work_s for each in made.needs] == [200.0, 200.0]


# -- what nobody serves


def test_nothing_is_launched_that_cannot_serve_what_waits_and_the_plan_says_so() -> None:
    """Known from what containers of the image have said; an alarm, and a sentence that names need and image."""
    made = plan(Backlog((waiting("render/2", 7),)), [], Policy(), {}, NOW_MS, [image("old", "render/1")])
    assert made.orders == ()
    (alarm,) = made.alarms
    assert alarm.parameters == {"need": "render/2", "items": 7, "image": "old"}
    said = "7 items wait for render/2, which containers of old do not serve; deploy an image that does"
    assert made.why.text == f"7 ready → no launch, because {said}"
    assert made.unserved == 7


def test_what_is_served_is_launched_for_beside_it() -> None:
    """The others do not wait."""
    made = plan(Backlog((waiting("render/2", 7), waiting(A, 7))), [], Policy(), {}, NOW_MS, [image("old", A)])
    assert made.orders == (Order(7, 1, image="old", needs=(A,)),)
    assert len(made.alarms) == 1


def test_one_container_shows_whether_an_image_serves_a_need_by_now() -> None:
    """Once the pause is over; not a second one while it starts, nor where another image serves the need."""
    backlog, old = Backlog((waiting("render/2", 70),)), image("old", A, to_probe=("render/2",))
    made = plan(backlog, [], Policy(), {}, NOW_MS, [old])
    assert made.orders == (Order(10, 1, image="old", needs=("render/2",)),)
    assert "one container of old is to show whether it serves render/2 by now" in made.why.text
    probing = container("launched", batch=10, image="old", needs="render/2")
    assert plan(backlog, [probing], Policy(), {}, NOW_MS, [old]).orders == ()
    made = plan(backlog, [], Policy(), {}, NOW_MS, [old, image("new", "render/2", usd=9.0)])
    assert {order.image for order in made.orders} == {"new"}
    assert made.alarms == ()


def test_jobs_with_wishes_are_served_by_the_image_of_their_need() -> None:
    """And get none where nobody serves it, but for the one that shows whether somebody does."""
    job = WishedJob(JobId("mine"), False, 8, 8, 8.0, JobWishes(scenes_per_batch=2), C)
    backlog = Backlog((waiting(A, 5), waiting(C, 8)), jobs=(job,))
    made = plan(backlog, [], Policy(), {}, NOW_MS, [image("film", A), image("code", C)])
    assert made.orders == (*[Order(2, 1, "mine", "code", (C,))] * 4, Order(5, 1, image="film", needs=(A,)))
    assert {order.image for order in plan(backlog, [], Policy(), {}, NOW_MS, [image("film", A)]).orders} == {"film"}
    probed = plan(backlog, [], Policy(), {}, NOW_MS, [image("film", A, to_probe=(C,))])
    assert [order.needs for order in probed.orders] == [(A,), (C,)]


# -- for whatever is there


@pytest.mark.parametrize(("serves", "needs", "counts_for"), [("a/1", "b/1", "a/1"), ("", "b/1", "b/1"), ("", "", "")])
def test_a_hello_counts_more_than_an_intent(serves: str, needs: str, counts_for: str) -> None:
    """One of which neither is known is taken to serve all."""
    record = container(batch=3, serves=serves, needs=needs)
    known = frozenset(counts_for.split()) if counts_for else None
    assert served_by(record, STRUCTURES) == known
    assert count_present([record], set(), 180.0, NOW_MS, STRUCTURES).rooms == {Room(known): remaining_capacity(record)}
