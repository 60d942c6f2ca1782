"""Operators and the dispatcher see the jobs of both structures of a queue."""

import pytest

from scenequeue.errors import JobNotFound
from scenequeue.jobs.job import JobState, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.jobs.rollup import Resolution
from scenequeue.jobs.wishes import JobWishes
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.scenequeue.two_structures import ids
from tests.support.reasons import said


def test_a_job_is_found_by_its_id_in_either_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Its status, results, events, dead letters and its end."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 3)
        one, two = (lease for lease in queue.worker.lease("c1", 2, call=f"{job_id}0"))
        queue.worker.ack("c1", [done(one)])
        queue.worker.fail("c1", two, "BadInput", said("never"), transient=False)
    for job_id in ("older", "newer"):
        assert new.inspect.job(job_id).counts.dead == 1
        assert [result.item_id for result in new.producer.results(job_id)] == ["0-0", "0-1"]
        assert new.producer.events(job_id)[0].event == "submitted"
        assert new.inspect.dead_letter(job_id, "0-1").job_id == job_id
        assert new.inspect.dead_ids(job_id) == ["0-1"]
        new.operator.requeue(job_id, "0-1")
        (lease,) = (each for each in new.worker.lease("c1", 2) if each.item_id == "0-1")
        new.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
        new.operator.discard(job_id, "0-1")
        assert new.producer.cancel(job_id).state is JobState.CANCELLED
    with pytest.raises(JobNotFound):
        new.producer.cancel("neither")


def test_what_operators_do_reaches_each_job_of_an_id(old: SceneQueue, new: SceneQueue) -> None:
    """An older version has submitted one of the same id: letters are requeued, discarded, and the job is cancelled, in both.

    Each is one entry of the audit log.
    """
    for queue in (new, old):
        submit(queue, "a", 3)
        for lease in queue.worker.lease("c1", 2):
            queue.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    assert sorted(new.inspect.dead_ids("a")) == ["0-0", "0-1"]
    new.operator.requeue("a", "0-0", "ann")
    new.operator.discard("a", "0-1", "ann")
    assert new.inspect.dead_ids("a") == []
    assert new.inspect.depth().counts.ready == 4
    assert new.producer.cancel("a", "ann").counts.dropped == 3
    assert {job.state for job in new.inspect.jobs()} == {JobState.CANCELLED}
    assert old.producer.status("a").state is JobState.CANCELLED
    assert new.inspect.depth().counts.dropped == 6
    acts = [(act.act, act.about, act.amount) for act in new.inspect.acts()]
    assert acts == [("cancel", "job=a", 4), ("discard", "job=a item=0-1", 2), ("requeue", "job=a item=0-0", 2)]


def test_what_is_in_one_of_two_jobs_of_an_id_is_reached_there(old: SceneQueue, new: SceneQueue) -> None:
    """Whatever became of the other one; the status after a cancel is that of a job that was cancelled."""
    submit(new, "a", 1)
    new.worker.ack("c1", [done(lease) for lease in new.worker.lease("c1", 1)])
    submit(old, "a", 2)
    (lease,) = old.worker.lease("c1", 1)
    old.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    new.operator.requeue("a", lease.item_id)
    assert old.producer.status("a").counts.ready == 2
    with pytest.raises(JobNotFound):
        new.operator.requeue("a", lease.item_id)
    with pytest.raises(JobNotFound):
        new.operator.discard("a", lease.item_id)
    status = new.producer.cancel("a")
    assert (status.state, status.counts.dropped) == (JobState.CANCELLED, 2)
    assert new.producer.status("a").state is JobState.DONE


def test_the_queue_at_a_glance_is_the_sum_of_both(old: SceneQueue, new: SceneQueue) -> None:
    """The older structure's items have another need, which a container serves that knows this structure."""
    submit(old, "older", 3, lane=Lane.URGENT)
    submit(new, "newer", 2)
    depth = new.inspect.depth()
    assert (depth.counts.ready, depth.ready_by_lane[Lane.URGENT], depth.ready_weight) == (5, 3, 5.0)
    assert [(each.need, each.ready) for each in new.inspect.waiting()] == [("render/1", 2), ("render/1@2", 3)]
    assert new.inspect.job("older").ready_needs == ("render/1@2",)
    assert [(each.need, each.ready) for each in old.inspect.waiting()] == [("render/1", 3)]


def test_lists_hold_what_is_in_both(old: SceneQueue, new: SceneQueue) -> None:
    """Newest first by their time, and bounded as ever."""
    for number, queue in enumerate((old, new, old, new)):
        submit(queue, f"job{number}", 1, lane=Lane.BULK if number < 2 else Lane.NORMAL)
        (lease,) = queue.worker.lease("c1", 1, lease_s=number + 1)
        if number < 3:
            queue.worker.fail("c1", lease, "BadInput" if number else "TooLarge", said("never"), transient=False)
    jobs = [f"job{number}" for number in (3, 2, 1, 0)]
    assert sorted(ids(new.inspect.jobs())) == sorted(jobs)
    assert len(new.inspect.jobs(3)) == 3
    created = [job.created_ms for job in new.inspect.jobs()]
    assert created == sorted(created, reverse=True)
    page = new.inspect.find_jobs(JobFilter(lane=Lane.BULK))
    assert (sorted(ids(page.jobs)), page.is_complete) == (["job0", "job1"], True)
    page = new.inspect.find_jobs(JobFilter(state=JobState.FAILED), 2)
    assert (len(page.jobs), page.is_complete) == (2, False)
    assert ids(new.inspect.leased()) == ["job3"]
    buried = [letter.buried_ms for letter in new.inspect.dead()]
    assert (len(buried), buried) == (3, sorted(buried, reverse=True))
    assert ids(new.inspect.find_dead(DeadFilter(reason="TooLarge"))) == ["job0"]
    assert new.inspect.reasons() == {"BadInput": 2, "TooLarge": 1}


def test_acts_on_many_dead_letters_reach_both(old: SceneQueue, new: SceneQueue) -> None:
    """The progress counts those of both; who acted stands in one log, for each version to read."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 2)
        for lease in queue.worker.lease("c1", 2):
            queue.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    assert [*new.operator.requeue_all(DeadFilter(), "ann")][-1] == (4, 4, 4)
    assert new.inspect.depth().counts.ready == 4
    for lease in new.worker.lease("c1", 4):
        new.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    assert [*new.operator.discard_all(DeadFilter(reason="BadInput"), "ann")][-1] == (4, 4, 4)
    new.producer.cancel("older", "ann")
    assert [(act.act, act.amount) for act in old.inspect.acts()] == [("discard", 4), ("requeue", 4)]
    assert old.inspect.acts() == new.inspect.acts()


def test_limits_that_an_operator_has_changed_hold_for_both_versions(old: SceneQueue, new: SceneQueue) -> None:
    """They bound the fleet, whoever plans."""
    old.operator.set_limits({"max_containers": "3"}, "ann")
    assert [(limit.name, limit.value) for limit in new.inspect.limits()] == [("max_containers", 3)]


def test_what_a_lost_container_holds_of_both_comes_back(old: SceneQueue, new: SceneQueue) -> None:
    """At once when it is known to be lost, else when its leases expire."""
    submit(old, "older", 2)
    submit(new, "newer", 2)
    assert len(new.worker.lease("c1", 4)) == 4
    assert new.dispatcher.forfeit("c1", said("lost")) == 4
    assert new.worker.lease("c1", 4) == []
    assert len(new.worker.lease("c2", 4, lease_s=0)) == 4
    assert new.dispatcher.reclaim() == 4
    assert new.inspect.depth().counts.ready == 4


def test_the_dispatcher_knows_wishes_and_rates_of_both(old: SceneQueue, new: SceneQueue) -> None:
    """By the needs' names; how long work takes does not depend on where it was queued."""
    wishes = JobWishes(scenes_per_batch=2)
    submit(old, "older", 2, wishes=wishes)
    submit(new, "newer", 2, wishes=wishes)
    wished = {(job.job_id, job.need, job.ready) for job in new.dispatcher.wished()}
    assert wished == {("older", "render/1@2", 2), ("newer", "render/1", 2)}
    (lease, *_) = new.worker.lease("c1", 4)
    new.worker.ack("c1", [done(lease)])
    assert new.dispatcher.rates() == {"render/1": 2.0, "render/1@2": 2.0}
    assert old.dispatcher.rates() == {"render/1": 2.0}


def test_a_sample_of_the_queue_counts_both(old: SceneQueue, new: SceneQueue) -> None:
    """In one history, that goes on when the other version writes it."""
    submit(old, "older", 3)
    submit(new, "newer", 2)
    for lease in new.worker.lease("c1", 3)[1:]:
        new.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    fence = new.dispatcher.acquire("one", 30)
    assert fence
    new.dispatcher.record_sample(fence, 1, 0.25)
    (slot,) = new.inspect.history(Resolution.HOUR)
    assert (slot.ready, slot.dead, slot.dead_by_reason) == (2, 2, {"BadInput": 2})
    assert old.inspect.history(Resolution.HOUR) == [slot]


def test_dispatchers_of_both_versions_in_turns_count_each_item_once(old: SceneQueue, new: SceneQueue) -> None:
    """Each sees other structures, and one history."""
    submit(old, "dead", 1)
    old.worker.fail("c1", old.worker.lease("c1", 1)[0], "BadInput", said("never"), transient=False)
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 6)
    for number in range(6):
        new.worker.ack("c1", [done(lease) for lease in new.worker.lease("c1", 2)])
        queue = (old, new)[number % 2]
        fence = queue.dispatcher.acquire(f"d{number}", 30)
        assert fence
        queue.dispatcher.record_sample(fence, 1, 0.0)
        queue.dispatcher.resign(f"d{number}")
    assert sum(slot.done for slot in new.inspect.history(Resolution.HOUR)) == 12


def test_callbacks_of_both_are_due_until_they_are_settled(old: SceneQueue, new: SceneQueue) -> None:
    """Also of two jobs of one id, of which the older version has submitted one."""
    for queue in (new, old):
        submit(queue, "a", 1, callback_url="https://example.org/")
        queue.producer.cancel("a")
    submit(old, "b", 1, callback_url="https://example.org/")
    old.producer.cancel("b")
    due = new.dispatcher.due_notices()
    assert sorted(ids(due)) == ["a", "a", "b"]
    for job in due:
        new.dispatcher.claim_notice(job.job_id, 60)
        new.dispatcher.settle_notice(job.job_id)
    assert new.dispatcher.due_notices() == []
    callback = old.producer.status("b").callback
    assert callback is not None
    assert callback.state == "delivered"


def test_the_audit_goes_through_the_jobs_of_each(old: SceneQueue, new: SceneQueue) -> None:
    """However few jobs the other has: each goes on where it has stopped."""
    for number in range(30):
        submit(old, f"job{number:02}", 1)
    submit(new, "newer", 1)
    connection = old._connection
    connection.client.zrem(connection.keys.of("jobs:lane:normal"), "job25")
    for _ in range(2):
        new.dispatcher.reclaim()
    assert connection.client.zscore(connection.keys.of("jobs:lane:normal"), "job25") is not None
