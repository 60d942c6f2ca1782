"""The queue's contract, arrow by arrow; every test runs on fakeredis, on real servers and on a cluster.

Longer than 300 lines, because the contract is one list: an arrow without its test is seen at a glance.
"""

import json
import threading
from collections import Counter
from itertools import pairwise
from queue import Queue

import pytest

from scenequeue.errors import DispatcherDeposed, JobConflict, JobNotFound, LeaseLost, QueueFull
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import ItemState, WorkItem
from scenequeue.jobs.job import Callback, JobSpec, JobState, Lane
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said
from tests.support.waiting import wait_until


def test_a_submitted_item_is_leased_once_and_done_once(any_queue: SceneQueue) -> None:
    """The way of one item: ready, leased, done, with its result kept."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 5)
    assert (lease.item_id, lease.attempt, lease.item.name) == ("0-0", 1, "scene0")
    assert any_queue.worker.lease("c2", 5) == []
    assert any_queue.worker.ack("c1", [done(lease)]) == []
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done) == (JobState.DONE, 1)
    assert [result.name for result in any_queue.producer.results("a")] == ["scene0"]


def test_submitting_the_same_job_again_returns_it(any_queue: SceneQueue) -> None:
    """Promise 1: the job id is an idempotency key."""
    submit(any_queue, "a", 3)
    any_queue.worker.lease("c1", 1)
    again = submit(any_queue, "a", 3)
    assert (again.counts.ready, again.counts.leased) == (2, 1)


def test_submitting_other_content_under_a_taken_id_is_a_conflict(any_queue: SceneQueue) -> None:
    """Promise 1: other content is refused, and nothing of it stays."""
    submit(any_queue, "a", 3)
    with pytest.raises(JobConflict, match="job a exists"):
        submit(any_queue, "a", 4)
    assert any_queue.inspect.depth().counts.ready == 3


def test_nothing_is_visible_of_a_submission_that_fails_half_way(any_queue: SceneQueue) -> None:
    """Promise 1: whole or not at all."""

    def broken() -> "list[WorkItem]":  # type: ignore[misc]
        yield from items(1200)
        raise RuntimeError("the caller's iterator broke")

    with pytest.raises(RuntimeError):
        any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [broken()])
    assert any_queue.inspect.depth().counts.total == 0
    assert any_queue.worker.lease("c1", 1) == []
    assert submit(any_queue, "a", 1200).counts.ready == 1200


def test_a_full_backlog_refuses_the_whole_job(any_queue: SceneQueue) -> None:
    """Backpressure: QueueFull, and nothing of the job is there."""
    submit(any_queue, "a", 5)
    with pytest.raises(QueueFull):
        any_queue.producer.submit(JobSpec(job_id=check_job_id("b")), [items(6)], backlog_limit=10)
    with pytest.raises(JobNotFound):
        any_queue.producer.status("b")


def test_an_expired_lease_comes_back_at_the_front_with_its_attempt_counted(any_queue: SceneQueue) -> None:
    """Promise 2."""
    submit(any_queue, "a", 3)
    (lost,) = any_queue.worker.lease("c1", 1, lease_s=0)
    assert any_queue.dispatcher.reclaim() == 1
    (again,) = any_queue.worker.lease("c2", 1)
    assert (again.item_id, again.attempt) == (lost.item_id, 2)


def test_expired_leases_come_back_in_the_order_in_which_they_were_given(any_queue: SceneQueue) -> None:
    """Leases of one step end at the same time, so their deadlines do not tell it, nor do their ids as text."""
    submit(any_queue, "a", 12)
    given = [lease.item_id for lease in any_queue.worker.lease("c1", 11, lease_s=0)]
    assert any_queue.dispatcher.reclaim() == 11
    assert [lease.item_id for lease in any_queue.worker.lease("c2", 12)] == [*given, "0-11"]


def test_a_released_item_comes_back_in_order_with_its_attempt_not_counted(any_queue: SceneQueue) -> None:
    """Promise 2: a drain costs nothing."""
    submit(any_queue, "a", 4)
    leases = any_queue.worker.lease("c1", 3)
    assert any_queue.worker.release("c1", leases) == []
    again = any_queue.worker.lease("c2", 4)
    assert [(lease.item_id, lease.attempt) for lease in again] == [("0-0", 1), ("0-1", 1), ("0-2", 1), ("0-3", 1)]


def test_an_item_that_no_container_is_set_up_for_becomes_a_dead_letter(any_queue: SceneQueue) -> None:
    """Not by the fault of a few containers; and also where each had begun with it."""
    submit(any_queue, "a", 2, max_attempts=2)
    for at in range(11):
        (lease,) = any_queue.worker.lease(f"c{at}", 1)
        assert (lease.item_id, lease.attempt) == ("0-0", 1)
        assert any_queue.worker.release(f"c{at}", [lease], said("this container is not set up: no AWS credentials")) == []
    (lease,) = any_queue.worker.lease("c11", 1)
    assert (lease.item_id, lease.attempt) == ("0-0", 2)
    assert any_queue.worker.release("c11", [lease], said("this container is not set up: no AWS credentials")) == []
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.errors[-1].error, letter.errors[-1].container) == ("NotSetUp", "c11")
    assert letter.errors[-1].message == "this container is not set up: no AWS credentials"
    (lease,) = any_queue.worker.lease("c12", 2)
    assert lease.item_id == "0-1"
    assert any_queue.worker.ack("c12", [done(lease)]) == []
    assert any_queue.producer.status("a").state is JobState.FAILED
    told = Counter(event.event for event in any_queue.producer.events("a", count=1000) if event.fields.get("error") == "NotSetUp")
    assert told == {"released": 10, "reclaimed": 1, "dead": 1}


def test_a_stale_token_changes_nothing(any_queue: SceneQueue) -> None:
    """Promise 3: ack, fail, release and extend of a late container are refused."""
    submit(any_queue, "a", 1)
    (stale,) = any_queue.worker.lease("c1", 1, lease_s=0)
    any_queue.dispatcher.reclaim()
    (fresh,) = any_queue.worker.lease("c1", 1)
    assert any_queue.worker.extend("c1", [stale, fresh]) == [stale]
    assert any_queue.worker.ack("c1", [done(stale)]) == [stale]
    assert any_queue.worker.release("c1", [stale]) == [stale]
    with pytest.raises(LeaseLost):
        any_queue.worker.fail("c1", stale, "ToolFailed", said("late"), transient=True)
    assert any_queue.inspect.depth().counts.leased == 1
    assert any_queue.worker.ack("c1", [done(fresh)]) == []


def test_an_ack_whose_answer_was_lost_may_be_repeated(any_queue: SceneQueue) -> None:
    """Promise 3: the second ack is accepted and counts nothing twice."""
    submit(any_queue, "a", 2)
    lease = any_queue.worker.lease("c1", 1)[0]
    assert any_queue.worker.ack("c1", [done(lease)]) == []
    assert any_queue.worker.ack("c1", [done(lease)]) == []
    assert any_queue.producer.status("a").counts.done == 1


def test_an_item_is_dead_after_its_last_attempt_with_its_whole_history(any_queue: SceneQueue) -> None:
    """Promise 4: attempts used up."""
    submit(any_queue, "a", 1, max_attempts=3)
    states = []
    for attempt in (1, 2, 3):
        (lease,) = any_queue.worker.lease("c1", 1)
        states.append(any_queue.worker.fail("c1", lease, "ToolFailed", said(f"no {attempt}"), transient=True, retry_in_s=0))
    assert states == [ItemState.DELAYED, ItemState.DELAYED, ItemState.DEAD]
    (letter,) = any_queue.inspect.dead()
    assert [(error.attempt, error.message) for error in letter.errors] == [(1, "no 1"), (2, "no 2"), (3, "no 3")]
    assert any_queue.producer.status("a").state is JobState.FAILED
    assert [result.error for result in any_queue.producer.results("a")] == ["ToolFailed: no 3"]


def test_a_permanent_error_makes_a_dead_letter_at_once(any_queue: SceneQueue) -> None:
    """Promise 4: bad input is not tried again."""
    submit(any_queue, "a", 2)
    lease = any_queue.worker.lease("c1", 1)[0]
    assert any_queue.worker.fail("c1", lease, "BadInput", said('not a picture: "\\u0000 ü {}'), transient=False) is ItemState.DEAD
    assert any_queue.producer.status("a").state is JobState.ACTIVE
    assert any_queue.inspect.dead("a")[0].errors[0].message == 'not a picture: "\\u0000 ü {}'


def test_an_item_that_kills_its_containers_ends_as_a_dead_letter(any_queue: SceneQueue) -> None:
    """Promise 4: a crash counts as an attempt, so poison ends."""
    submit(any_queue, "a", 2, max_attempts=2)
    for _ in range(2):
        any_queue.worker.lease("c1", 1, lease_s=0)
        any_queue.dispatcher.reclaim()
    (letter,) = any_queue.inspect.dead()
    assert (letter.item_id, [error.error for error in letter.errors]) == ("0-0", ["LeaseExpired", "LeaseExpired"])
    assert any_queue.worker.lease("c1", 1)[0].item_id == "0-1"


def test_an_item_that_was_only_prepared_is_not_blamed_for_its_container(any_queue: SceneQueue) -> None:
    """Promise 4: a poison item takes no neighbour along, though neighbours cannot be lost for ever either."""
    submit(any_queue, "a", 2, max_attempts=1)
    for _ in range(3):
        poison, neighbour = any_queue.worker.lease("c1", 2, lease_s=0, begins_now=False)
        assert neighbour.attempt == 1
        any_queue.dispatcher.reclaim()
    poison = any_queue.worker.lease("c1", 2, lease_s=0, begins_now=False)[0]
    any_queue.worker.begin("c1", poison)
    any_queue.dispatcher.reclaim()
    assert [letter.item_id for letter in any_queue.inspect.dead()] == [poison.item_id]
    with pytest.raises(LeaseLost):
        any_queue.worker.begin("c1", poison)
    for _ in range(11):
        any_queue.worker.lease("c1", 1, lease_s=0, begins_now=False)
        any_queue.dispatcher.reclaim()
    assert len(any_queue.inspect.dead()) == 2


def test_a_requeued_dead_letter_starts_anew_and_its_job_is_active_again(any_queue: SceneQueue) -> None:
    """An operator mends the cause, then gives the scene a new start."""
    submit(any_queue, "a", 1)
    lease = any_queue.worker.lease("c1", 1)[0]
    any_queue.worker.fail("c1", lease, "BadInput", said(',"item":{}'), transient=False)
    any_queue.operator.requeue("a", "0-0")
    assert any_queue.producer.status("a").state is JobState.ACTIVE
    (again,) = any_queue.worker.lease("c1", 1)
    assert (again.attempt, again.item) == (1, lease.item)
    any_queue.worker.ack("c1", [done(again)])
    assert any_queue.producer.status("a").state is JobState.DONE
    with pytest.raises(JobNotFound):
        any_queue.operator.requeue("a", "0-0")


def test_a_discarded_dead_letter_counts_as_dropped(any_queue: SceneQueue) -> None:
    """An operator gives a scene up."""
    submit(any_queue, "a", 1)
    any_queue.worker.fail("c1", any_queue.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    any_queue.operator.discard("a", "0-0")
    counts = any_queue.producer.status("a").counts
    assert (counts.dead, counts.dropped, any_queue.inspect.dead()) == (0, 1, [])


def test_a_small_job_behind_a_large_one_is_next(any_queue: SceneQueue) -> None:
    """Promise 6: its first item is the very next, and all ten are leased within twenty."""
    submit(any_queue, "large", 1000)
    any_queue.worker.lease("c1", 3)
    submit(any_queue, "small", 10)
    order = [any_queue.worker.lease("c1", 1)[0].job_id for _ in range(20)]
    assert order[0] == "small"
    assert order.count("small") == 10


def test_newcomers_do_not_starve_a_job_that_waits(any_queue: SceneQueue) -> None:
    """Promise 6, the other way round: among n jobs that wait, the old one is served every n-th turn."""
    submit(any_queue, "old", 100)
    served = []
    for number in range(20):
        submit(any_queue, f"new{number}", 1)
        served.append(any_queue.worker.lease("c1", 1)[0].job_id)
    gaps = [b - a for a, b in pairwise(at for at, job in enumerate(served) if job == "old")]
    assert gaps
    # One newcomer comes per turn, so 20 - served wait at the end, and the gap cannot be longer than that.
    assert max(gaps) <= served.count("old") + 1
    assert served.count("old") >= 4


def test_lanes_are_served_strictly_in_order(any_queue: SceneQueue) -> None:
    """Urgent before normal before bulk, at the very next lease."""
    submit(any_queue, "bulk", 2, lane=Lane.BULK)
    submit(any_queue, "normal", 2)
    assert any_queue.worker.lease("c1", 1)[0].job_id == "normal"
    submit(any_queue, "urgent", 1, lane=Lane.URGENT)
    assert [lease.job_id for lease in any_queue.worker.lease("c1", 4)] == ["urgent", "normal", "bulk", "bulk"]


def test_the_last_ack_of_a_stage_opens_the_next(any_queue: SceneQueue) -> None:
    """Promise 7: no coordinator."""
    submit(any_queue, "a", 2, 1)
    assert any_queue.inspect.depth().counts.waiting == 1
    first, second = any_queue.worker.lease("c1", 5)
    any_queue.worker.ack("c1", [done(first)])
    assert any_queue.worker.lease("c1", 5) == []
    any_queue.worker.ack("c1", [done(second)])
    (stitch,) = any_queue.worker.lease("c1", 5)
    assert stitch.item_id == "1-0"
    any_queue.worker.ack("c1", [done(stitch)])
    assert any_queue.producer.status("a").state is JobState.DONE


def test_a_dead_letter_holds_the_next_stage_back_until_it_is_requeued(any_queue: SceneQueue) -> None:
    """A film is not stitched from what is not there; mending the scene goes on with it."""
    submit(any_queue, "a", 1, 1)
    any_queue.worker.fail("c1", any_queue.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.waiting) == (JobState.FAILED, 1)
    any_queue.operator.requeue("a", "0-0")
    any_queue.worker.ack("c1", [done(any_queue.worker.lease("c1", 1)[0])])
    assert any_queue.worker.lease("c1", 1)[0].item_id == "1-0"


def test_cancel_drops_what_waits_and_tells_the_container_that_works(any_queue: SceneQueue) -> None:
    """Waiting, delayed and later-stage items at once, leased ones at the next heartbeat."""
    submit(any_queue, "a", 4, 2)
    working, failed = any_queue.worker.lease("c1", 2)
    any_queue.worker.fail("c1", failed, "ToolFailed", said("later"), transient=True, retry_in_s=100)
    counts = any_queue.producer.cancel("a").counts
    assert (counts.dropped, counts.leased, counts.in_work) == (5, 1, 1)
    assert any_queue.worker.extend("c1", [working]) == [working]
    assert any_queue.producer.status("a").counts.dropped == 6
    assert any_queue.inspect.depth().counts.in_work == 0
    assert any_queue.producer.cancel("a").state is JobState.CANCELLED


def test_a_result_for_a_cancelled_job_is_refused(any_queue: SceneQueue) -> None:
    """A cancelled item stays cancelled."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.producer.cancel("a")
    assert any_queue.worker.ack("c1", [done(lease)]) == [lease]
    assert any_queue.producer.status("a").counts.dropped == 1


def test_a_paused_queue_gives_no_leases_until_it_is_resumed(any_queue: SceneQueue) -> None:
    """Pause stops handing out; what is leased may still be acked."""
    submit(any_queue, "a", 2)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.operator.pause()
    assert any_queue.worker.lease("c1", 1) == []
    assert any_queue.inspect.depth().is_paused
    assert any_queue.worker.ack("c1", [done(lease)]) == []
    assert not any_queue.worker.wait_for_work(0.05)
    any_queue.operator.resume()
    assert any_queue.worker.wait_for_work(0.05)
    assert len(any_queue.worker.lease("c1", 1)) == 1


def test_a_draining_container_gets_no_lease(any_queue: SceneQueue) -> None:
    """The mark is obeyed by the lease step itself, and told with the next beat."""
    submit(any_queue, "a", 1)
    record = ContainerRecord(container_id=ContainerId("c1"))
    assert not any_queue.worker.beat(record)
    any_queue.dispatcher.drain("c1")
    assert any_queue.worker.beat(record)
    assert any_queue.worker.lease("c1", 1) == []
    assert len(any_queue.worker.lease("c2", 1)) == 1


def test_what_a_lost_container_held_is_ready_at_once(any_queue: SceneQueue) -> None:
    """Forfeit does not wait for the lease to end, and fences the lost one off."""
    submit(any_queue, "a", 3)
    held = any_queue.worker.lease("c1", 2)
    assert any_queue.dispatcher.forfeit("c1", said("stopped by the fleet")) == 2
    assert any_queue.worker.extend("c1", held) == held
    assert any_queue.worker.lease("c1", 1) == []
    assert sorted(lease.attempt for lease in any_queue.worker.lease("c2", 3)) == [1, 2, 2]


def test_peek_shows_the_order_of_leasing(any_queue: SceneQueue) -> None:
    """`peek` lists items in the order in which `lease` gives them."""
    submit(any_queue, "a", 3)
    submit(any_queue, "b", 2)
    submit(any_queue, "u", 1, lane=Lane.URGENT)
    said = [(job, item) for job, item, _ in any_queue.inspect.peek(6)]
    did = [(lease.job_id, lease.item_id) for _ in range(6) for lease in any_queue.worker.lease("c1", 1)]
    assert said == did


def test_results_come_in_the_callers_order_whatever_was_leased_first(any_queue: SceneQueue) -> None:
    """Longest first on the queue, the caller's order in the results."""
    order = [(2, WorkItem(name="c", weight=9)), (0, WorkItem(name="a", weight=5)), (1, WorkItem(name="b", weight=1))]
    any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [order])
    leases = any_queue.worker.lease("c1", 3)
    assert [lease.item.name for lease in leases] == ["c", "a", "b"]
    any_queue.worker.ack("c1", [done(lease) for lease in leases])
    assert [result.name for result in any_queue.producer.results("a")] == ["a", "b", "c"]


def test_events_tell_what_happened_in_order(any_queue: SceneQueue) -> None:
    """And can be followed from the last one seen."""
    submit(any_queue, "a", 1)
    any_queue.worker.ack("c1", [done(any_queue.worker.lease("c1", 1)[0])])
    events = any_queue.producer.events("a")
    assert [event.event for event in events] == ["submitted", "leased", "done", "finished"]
    assert [event.event for event in any_queue.producer.events("a", after=events[1].id)] == ["done", "finished"]


def test_one_dispatcher_acts_and_a_deposed_one_writes_nothing(any_queue: SceneQueue) -> None:
    """The fencing number rises with every change of hands."""
    first = any_queue.dispatcher.acquire("one", 30)
    assert first is not None
    assert any_queue.dispatcher.acquire("two", 30) is None
    assert any_queue.dispatcher.acquire("one", 30) == first
    any_queue.dispatcher.resign("one")
    second = any_queue.dispatcher.acquire("two", 30)
    assert second is not None
    assert second > first
    with pytest.raises(DispatcherDeposed):
        any_queue.dispatcher.record_intents(first, [ContainerRecord(container_id=ContainerId("x"))])
    assert any_queue.inspect.containers() == []
    any_queue.dispatcher.record_intents(second, [ContainerRecord(container_id=ContainerId("x"), batch=5, vcpu=2)])
    (record,) = any_queue.inspect.containers()
    assert (record.state, record.batch, record.fence, record.vcpu) == ("intended", 5, second, 2.0)


def test_a_deposed_dispatcher_drains_forfeits_and_ends_nothing(any_queue: SceneQueue) -> None:
    """The steps themselves look at the number; an operator needs none."""
    submit(any_queue, "a", 1)
    any_queue.worker.lease("c1", 1)
    any_queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    stale = any_queue.dispatcher.acquire("one", 30)
    any_queue.dispatcher.resign("one")
    for _ in range(2):
        with pytest.raises(DispatcherDeposed):
            any_queue.dispatcher.drain("c1", fence=stale)
        with pytest.raises(DispatcherDeposed):
            any_queue.dispatcher.forfeit("c1", said("silent"), fence=stale)
        with pytest.raises(DispatcherDeposed):
            any_queue.dispatcher.record_ended("c1", "gone", said("silent"), fence=stale)
        acting = any_queue.dispatcher.acquire("two", 30)
    assert not any_queue.worker.beat(ContainerRecord(container_id=ContainerId("c1")))
    assert any_queue.inspect.depth().counts.leased == 1
    assert [record.state for record in any_queue.inspect.containers()] == ["running"]
    any_queue.dispatcher.drain("c1", fence=acting)
    assert any_queue.dispatcher.forfeit("c1", said("silent"), fence=acting) == 1
    any_queue.dispatcher.record_ended("c1", "gone", said("silent"), fence=acting)
    assert [record.exit_reason for record in any_queue.inspect.containers()] == ["silent"]


def test_a_container_that_has_left_is_not_written_down_as_launched(
    any_queue: SceneQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One so quick that it says goodbye while its launcher writes down that it was launched."""
    fence = any_queue.dispatcher.acquire("one", 30)
    assert fence
    any_queue.dispatcher.record_intents(fence, [ContainerRecord(container_id=ContainerId("x"))])
    client = any_queue._connection.client
    write = client.hset
    left: list[bool] = []

    def leave_before(*arguments: object, **options: object) -> object:
        any_queue.worker.goodbye(ContainerRecord(container_id=ContainerId("x"), exit_reason="idle"))
        left.append(True)
        return write(*arguments, **options)

    # A write of the client's own, after its look, would come too late; within one step there is no in-between.
    monkeypatch.setattr(client, "hset", leave_before)
    any_queue.dispatcher.record_launched(fence, "x", "pid:1")
    (record,) = any_queue.inspect.containers()
    assert (record.state, record.handle) == ("gone" if left else "launched", "pid:1")
    any_queue.worker.goodbye(ContainerRecord(container_id=ContainerId("x"), exit_reason="idle"))
    any_queue.dispatcher.record_launched(fence, "x", "pid:1")
    assert [each.state for each in any_queue.inspect.containers()] == ["gone"]


def test_the_ledger_follows_a_container_from_intent_to_exit(any_queue: SceneQueue) -> None:
    """Dispatcher's and worker's fields share one record and do not overwrite each other."""
    fence = any_queue.dispatcher.acquire("one", 30)
    assert fence
    any_queue.dispatcher.record_intents(fence, [ContainerRecord(container_id=ContainerId("x"), batch=5)])
    any_queue.worker.beat(ContainerRecord(container_id=ContainerId("x"), slots=2, progress={"a/0-0": 0.5}))
    any_queue.dispatcher.record_launched(fence, "x", "pid:1", is_spot=True)
    (record,) = any_queue.inspect.containers()
    assert (record.state, record.batch, record.slots, record.handle, record.is_spot) == ("running", 5, 2, "pid:1", True)
    assert record.progress == {"a/0-0": 0.5}
    any_queue.worker.goodbye(record.ended(Reason("idle")))
    any_queue.dispatcher.record_ended("x", "gone", said("stopped"))
    (record,) = any_queue.inspect.containers()
    assert (record.state, record.exit_reason) == ("gone", "idle")


def test_rates_are_learned_per_kind(any_queue: SceneQueue) -> None:
    """Seconds of processing per second of video."""
    submit(any_queue, "a", 2)
    any_queue.worker.ack("c1", [done(lease) for lease in any_queue.worker.lease("c1", 2)])
    assert any_queue.dispatcher.rates() == {"render/1": pytest.approx(2.0)}


def test_the_end_of_a_job_with_a_callback_is_noticed_once_it_ended(any_queue: SceneQueue) -> None:
    """The notice waits until it is settled."""
    submit(any_queue, "a", 1, callback_url="https://example.org/hook")
    assert any_queue.dispatcher.due_notices() == []
    assert any_queue.inspect.job("a").callback == Callback()
    any_queue.worker.ack("c1", [done(any_queue.worker.lease("c1", 1)[0])])
    assert [job.job_id for job in any_queue.dispatcher.due_notices()] == ["a"]
    any_queue.dispatcher.settle_notice("a", Reason("receiver_answered", {"status": 503}), 60)
    assert any_queue.dispatcher.due_notices() == []
    any_queue.dispatcher.settle_notice("a")
    assert any_queue.dispatcher.due_notices() == []
    assert any_queue.inspect.job("a").callback == Callback(state="delivered", tries=2)


def test_a_submit_wakes_one_idle_worker_and_each_lease_the_next(queue: SceneQueue) -> None:
    """The bell: no polling, and none is woken in vain. Whoever takes it looks, and hangs it up again while work is left."""
    heard: Queue[str] = Queue()
    waiters = [threading.Thread(target=lambda: heard.put(queue.worker.wait_for_work(5))) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    wait_until(lambda: _blocked_clients(queue) >= 3, "three clients block on the bell")
    submit(queue, "a", 2)
    first = heard.get(timeout=60)
    assert first == "render/1"
    assert _blocked_clients(queue) == 2
    assert len(queue.worker.lease("c1", 1, bell=first)) == 1
    second = heard.get(timeout=60)
    assert len(queue.worker.lease("c2", 1, bell=second)) == 1
    assert _blocked_clients(queue) == 1
    submit(queue, "b", 1)
    assert heard.get(timeout=60) == "render/1"
    for waiter in waiters:
        waiter.join(60)


@pytest.mark.parametrize(
    "body", ['{"v":1,"kind":"render"}', "no json at all", '"text"', "[1]", '{"name":"../x"}', '{"name":"x","weight":-1}']
)
def test_what_a_foreign_producer_wrote_is_buried_alone(any_queue: SceneQueue, body: str) -> None:
    """Its neighbours of the same lease are leased all the same; the letter can be shown, and requeued in vain."""
    submit(any_queue, "a", 3)
    connection = any_queue._connection
    connection.client.lset(connection.keys.ready("a", "render/1"), 1, f"0-1 1000 {body}")
    assert [peeked.name for _, _, peeked in any_queue.inspect.peek(3)].count("scene0") == 1
    leases = any_queue.worker.lease("c1", 3)
    assert [lease.item_id for lease in leases] == ["0-0", "0-2"]
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.item_id, letter.errors[0].error) == ("0-1", "BadInput")
    assert letter.errors[0].message.startswith("not a work item")
    assert body in letter.item.payload.get("body", "") or json.loads(letter.item.payload["body"]) == json.loads(body)
    any_queue.operator.requeue("a", "0-1")
    assert any_queue.worker.lease("c1", 3) == []
    any_queue.worker.ack("c1", [done(lease) for lease in leases])
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done, status.counts.dead) == (JobState.FAILED, 2, 1)


def _blocked_clients(queue: SceneQueue) -> int:
    return int(queue._connection.client.info("clients")["blocked_clients"])


def test_an_exchange_hands_in_and_takes_in_one_go(any_queue: SceneQueue) -> None:
    """A stale result is refused all the same; a server that has forgotten the scripts is told them again."""
    submit(any_queue, "a", 3)
    refused, first = any_queue.worker.exchange("c1", [], 2)
    assert (refused, [lease.item_id for lease in first]) == ([], ["0-0", "0-1"])
    any_queue.worker.release("c1", first[1:])
    any_queue._connection.client.script_flush()
    refused, second = any_queue.worker.exchange("c1", [done(lease) for lease in first], 5)
    assert refused == first[1:]
    assert [lease.item_id for lease in second] == ["0-1", "0-2"]
    assert any_queue.worker.exchange("c1", [done(lease) for lease in second], 5) == ([], [])
    assert any_queue.producer.status("a").state is JobState.DONE


def test_an_item_of_a_newer_wire_format_is_leased_and_can_be_left_to_others(any_queue: SceneQueue) -> None:
    """Whatever it looks like inside, it is no dead letter: a newer worker can read it."""
    submit(any_queue, "a", 1)
    connection = any_queue._connection
    connection.client.lset(connection.keys.ready("a", "render/1"), 0, '0-0 1000 {"v":2,"name":["of","another","shape"]}')
    (lease,) = any_queue.worker.lease("c1", 1)
    assert (lease.item.v, lease.item.kind) == (2, "newer")
    assert any_queue.worker.release("c1", [lease]) == []
    assert any_queue.producer.status("a").counts.ready == 1
    any_queue.producer.cancel("a")
