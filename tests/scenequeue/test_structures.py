"""A version that knows two structures of keys beside one that knows the older alone: the same code, under another number."""

from typing import Any

import pytest

from scenequeue.errors import JobConflict, JobNotFound, QueueFull
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.jobs.rollup import Resolution
from scenequeue.jobs.wishes import JobWishes
from scenequeue.ports.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.conftest import beside
from tests.scenequeue.jobs import done, items, submit

OLDER, NEWER = 2, 3


@pytest.fixture
def old(any_queue: SceneQueue) -> SceneQueue:
    """The queue as the older version knows it."""
    assert any_queue.structures == (OLDER,)
    return any_queue


@pytest.fixture
def new(any_queue: SceneQueue, namespace: str) -> SceneQueue:
    """The same queue as the newer version knows it."""
    return beside(any_queue, namespace, NEWER, OLDER)


def _ids(leases: list[Any]) -> list[str]:
    return [lease.job_id for lease in leases]


def _contents(queue: SceneQueue, structure: int) -> dict[str, Any]:
    """All keys of one structure with what they hold."""
    client, keys = queue._connection.client, queue._connection.of(structure).keys
    read = {
        "hash": client.hgetall,
        "string": client.get,
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "stream": client.xrange,
    }
    return {key: read[client.type(key)](key) for key in client.scan_iter(match=keys.structure.replace("{", "\\{") + "*")}


# -- leasing


def test_an_old_worker_leases_nothing_of_the_newer_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Its scripts cannot see the keys; its own work is the very next, behind ten urgent items that it does not know."""
    submit(new, "newer", 10, lane=Lane.URGENT)
    submit(old, "older", 2, lane=Lane.BULK)
    leases = old.worker.lease("c1", 20)
    assert _ids(leases) == ["older", "older"]
    assert old.worker.lease("c1", 20) == []
    assert old.worker.exchange("c1", [done(lease) for lease in leases], 20) == ([], [])
    assert old.worker.wait_for_work(0.01) == ""
    assert new.producer.status("newer").counts.ready == 10


def test_no_lane_comes_before_a_better_one_in_whichever_structure_it_is(old: SceneQueue, new: SceneQueue) -> None:
    """An urgent item that an older version has queued goes out before any normal one; the call's word says whose turn it is."""
    for lane in reversed(Lane):
        submit(old, f"older-{lane}", 2, lane=lane)
        submit(new, f"newer-{lane}", 2, lane=lane)
    peeked = [job_id for job_id, _, _ in new.inspect.peek(20)]
    expected = [f"{age}-{lane}" for lane in Lane for age in ("newer", "older") for _ in range(2)]
    taken = [new.worker.lease("c1", 5, call=call) for call in ("a0", "b0", "c0")]
    assert [len(some) for some in taken] == [5, 5, 2]
    leases = [lease for some in taken for lease in some]
    assert _ids(leases) == expected == peeked
    assert {(lease.job_id.partition("-")[0], lease.structure) for lease in leases} == {("newer", NEWER), ("older", OLDER)}
    assert len({lease.token for lease in leases}) == 12


@pytest.mark.parametrize(("waiting", "fed"), [(OLDER, NEWER), (NEWER, OLDER)])
def test_neither_structure_starves_while_the_other_is_fed(old: SceneQueue, new: SceneQueue, waiting: int, fed: int) -> None:
    """In one lane: new jobs after an upgrade hold no old one up, nor do old producers the new ones after a rollback."""
    producers = {OLDER: old, NEWER: new}
    submit(producers[waiting], "waiting", 6)
    taken = []
    for number in range(16):
        submit(producers[fed], f"fed{number}", 1)
        # As calls are named, but these are the same in each run.
        taken += _ids(new.worker.lease("c1", 1, call=f"call{number:x}"))
    assert taken.count("waiting") == 6
    assert len(taken) == 16


def test_a_call_that_is_made_again_is_answered_with_what_it_took_of_both(old: SceneQueue, new: SceneQueue) -> None:
    """With the same tokens, so that whoever lost the answer works on nothing twice."""
    submit(old, "older", 3)
    submit(new, "newer", 2)
    first = new.worker.lease("c1", 4, call="a0")
    again = new.worker.lease("c1", 4, call="a0")
    assert [lease[:4] for lease in again] == [lease[:4] for lease in first]
    assert [lease.structure for lease in again] == [NEWER, NEWER, OLDER, OLDER]
    assert _ids(new.worker.lease("c1", 4, call="b0")) == ["older"]


def test_results_of_both_are_handed_in_and_the_next_of_both_taken(old: SceneQueue, new: SceneQueue) -> None:
    """By one call; what another container has by now is refused, of each structure."""
    submit(old, "older", 4)
    submit(new, "newer", 4)
    leases = [*new.worker.lease("c1", 2, call="a0"), *old.worker.lease("c1", 2)]
    lost = [leases[0], leases[2]]
    new.worker.release("c1", lost)
    refused, following = new.worker.exchange("c1", [done(lease) for lease in leases], 4)
    assert {(lease.job_id, lease.item_id) for lease in refused} == {(lease.job_id, lease.item_id) for lease in lost}
    assert sorted(_ids(following)) in (["newer"] * 3 + ["older"], ["newer"] + ["older"] * 3)
    assert new.worker.exchange("c1", [done(lease) for lease in following], 0) == ([], [])
    while more := new.worker.lease("c2", 5):
        assert new.worker.ack("c2", [done(lease) for lease in more]) == []
    assert {job.state for job in new.inspect.jobs()} == {JobState.DONE}
    assert old.producer.status("older").state is JobState.DONE


def test_a_lease_ends_in_the_structure_that_it_came_from(old: SceneQueue, new: SceneQueue) -> None:
    """Begun, prolonged, noted, failed, released, buried: all of both by the same calls."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 3, options={"render": {"fps": 30}})
    leases = new.worker.lease("c1", 6, begins_now=False)
    assert new.worker.extend("c1", leases) == []
    for lease in leases:
        new.worker.begin("c1", lease)
        new.worker.note("c1", lease, {"step": lease.job_id})
        assert new.worker.options(lease.job_id, lease.structure) == {"render": {"fps": 30}}
    ours = [[lease for lease in leases if lease.job_id == job_id] for job_id in ("newer", "older")]
    assert new.worker.release("c1", [some[0] for some in ours]) == []
    for _, retried, buried in ours:
        assert new.worker.fail("c1", retried, "ToolFailed", "again", transient=True, retry_in_s=0) is ItemState.DELAYED
        assert new.worker.fail("c1", buried, "BadInput", "never", transient=False) is ItemState.DEAD
    assert sorted(new.worker.extend("c1", leases)) == sorted(leases)
    again = new.worker.lease("c2", 6)
    assert sorted((lease.job_id, lease.notes["step"]) for lease in again) == 2 * [("newer", "newer")] + 2 * [("older", "older")]
    for job_id in ("newer", "older"):
        counts = new.producer.status(job_id).counts
        assert (counts.leased, counts.dead, counts.total) == (2, 1, 3)


def test_items_of_both_bring_those_of_the_next_stage(old: SceneQueue, new: SceneQueue) -> None:
    """Staged, acked and leased again, each where its job is."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), [items(1), None])
    leases = new.worker.lease("c1", 2)
    brought = {lease.token: new.worker.grow("c1", lease, items(3)) for lease in leases}
    assert new.worker.ack("c1", [done(lease) for lease in leases], brought) == []
    following = new.worker.lease("c1", 6)
    assert sorted(_ids(following)) == 3 * ["newer"] + 3 * ["older"]
    new.worker.ack("c1", [done(lease) for lease in following])
    for job_id in ("newer", "older"):
        assert [result.item_id for result in new.producer.results(job_id, 1)] == ["1-0.0", "1-0.1", "1-0.2"]
        assert len(new.producer.names(job_id)) == 4


def test_bells_of_both_are_heard_and_hung_up_again(old: SceneQueue, new: SceneQueue) -> None:
    """A bell of the older structure bears its number; while the queue is paused none of either rings."""
    submit(old, "older", 2)
    assert new.worker.wait_for_work(0.01) == "render/1@2"
    assert old.worker.wait_for_work(0.01) == ""
    assert len(new.worker.lease("c1", 1, bell="render/1@2")) == 1
    assert old.worker.wait_for_work(0.01) == "render/1"
    assert old.worker.lease("c1", 0, bell="render/1") == []
    submit(new, "newer", 1)
    assert new.worker.wait_for_work(0.01) == "render/1"
    assert _ids(new.worker.lease("c1", 1, bell="render/1")) == ["newer"]
    new.operator.pause()
    assert new.worker.wait_for_work(0.01) == ""
    assert new.worker.lease("c1", 5) == []
    new.operator.resume()
    assert new.worker.wait_for_work(0.01) == "render/1@2"


# -- submitting


def test_a_job_that_an_older_version_has_submitted_is_not_submitted_anew(old: SceneQueue, new: SceneQueue) -> None:
    """The same content is the same job, other content a conflict; nothing of it is left in the newer structure."""
    submit(old, "a", 2)
    assert submit(new, "a", 2).created_ms == old.producer.status("a").created_ms
    with pytest.raises(JobConflict):
        submit(new, "a", 3)
    assert _contents(new, NEWER) == {}
    submit(new, "b", 1)
    assert new.producer.status("b").counts.ready == 1
    with pytest.raises(JobNotFound):
        old.producer.status("b")


def test_the_limit_of_the_backlog_counts_both(old: SceneQueue, new: SceneQueue) -> None:
    """Items of the older structure take room as well."""
    submit(old, "a", 3)
    spec = JobSpec(job_id=check_job_id("b"))
    with pytest.raises(QueueFull):
        new.producer.submit(spec, [items(3)], backlog_limit=5)
    assert new.producer.submit(spec, [items(2)], backlog_limit=5).counts.ready == 2


def test_a_producer_of_the_older_version_may_go_on_after_one_of_the_newer(old: SceneQueue, new: SceneQueue) -> None:
    """Workers of the newer version serve what it submits; it knows nothing of the other structure."""
    submit(new, "newer", 1)
    submit(old, "older", 1)
    assert [job.job_id for job in old.inspect.jobs()] == ["older"]
    assert sorted(_ids(new.worker.lease("c1", 5))) == ["newer", "older"]


def test_steps_of_the_older_version_touch_nothing_of_the_newer_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Whatever they do meanwhile, with jobs and containers of the same names."""
    submit(new, "a", 4)
    leases = new.worker.lease("c1", 3, lease_s=0)
    new.worker.fail("c1", leases[0], "BadInput", "never", transient=False)
    new.worker.fail("c1", leases[1], "ToolFailed", "again", transient=True, retry_in_s=0)
    before = _contents(new, NEWER)
    submit(old, "a", 2)
    (lease,) = old.worker.lease("c1", 1)
    old.worker.fail("c1", lease, "BadInput", "never", transient=False)
    old.operator.requeue("a", lease.item_id)
    old.dispatcher.reclaim()
    old.dispatcher.forfeit("c1", "lost")
    assert list(old.operator.discard_all(DeadFilter())) == []
    old.producer.cancel("a")
    assert _contents(new, NEWER) == before


# -- by the id of a job


def test_a_job_is_found_by_its_id_in_either_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Its status, results, events, dead letters and its end."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 3)
        one, two = (lease for lease in queue.worker.lease("c1", 2, call=f"{job_id}0"))
        queue.worker.ack("c1", [done(one)])
        queue.worker.fail("c1", two, "BadInput", "never", transient=False)
    for job_id in ("older", "newer"):
        assert new.inspect.job(job_id).counts.dead == 1
        assert [result.item_id for result in new.producer.results(job_id)] == ["0-0", "0-1"]
        assert new.producer.events(job_id)[0].event == "submitted"
        assert new.inspect.dead_letter(job_id, "0-1").job_id == job_id
        assert new.inspect.dead_ids(job_id) == ["0-1"]
        new.operator.requeue(job_id, "0-1")
        (lease,) = (each for each in new.worker.lease("c1", 2) if each.item_id == "0-1")
        new.worker.fail("c1", lease, "BadInput", "never", transient=False)
        new.operator.discard(job_id, "0-1")
        assert new.producer.cancel(job_id).state is JobState.CANCELLED
    with pytest.raises(JobNotFound):
        new.producer.cancel("neither")


def test_what_operators_do_reaches_each_job_of_an_id(old: SceneQueue, new: SceneQueue) -> None:
    """An older version has submitted one of the same id: letters are requeued, discarded, and the job is cancelled, in both."""
    for queue in (new, old):
        submit(queue, "a", 3)
        for lease in queue.worker.lease("c1", 2):
            queue.worker.fail("c1", lease, "BadInput", "never", transient=False)
    assert sorted(new.inspect.dead_ids("a")) == ["0-0", "0-1"]
    new.operator.requeue("a", "0-0")
    new.operator.discard("a", "0-1")
    assert new.inspect.dead_ids("a") == []
    assert new.inspect.depth().counts.ready == 4
    assert new.producer.cancel("a", "ann").counts.dropped == 3
    assert {job.state for job in new.inspect.jobs()} == {JobState.CANCELLED}
    assert old.producer.status("a").state is JobState.CANCELLED
    assert new.inspect.depth().counts.dropped == 6
    assert [(act.act, act.about, act.amount) for act in new.inspect.acts()] == [("cancel", "a", 2)] * 2


def test_what_is_in_one_of_two_jobs_of_an_id_is_reached_there(old: SceneQueue, new: SceneQueue) -> None:
    """Whatever became of the other one; the status after a cancel is that of a job that was cancelled."""
    submit(new, "a", 1)
    new.worker.ack("c1", [done(lease) for lease in new.worker.lease("c1", 1)])
    submit(old, "a", 2)
    (lease,) = old.worker.lease("c1", 1)
    old.worker.fail("c1", lease, "BadInput", "never", transient=False)
    new.operator.requeue("a", lease.item_id)
    assert old.producer.status("a").counts.ready == 2
    with pytest.raises(JobNotFound):
        new.operator.requeue("a", lease.item_id)
    with pytest.raises(JobNotFound):
        new.operator.discard("a", lease.item_id)
    status = new.producer.cancel("a")
    assert (status.state, status.counts.dropped) == (JobState.CANCELLED, 2)
    assert new.producer.status("a").state is JobState.DONE


# -- what operators see and do


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
            queue.worker.fail("c1", lease, "BadInput" if number else "TooLarge", "never", transient=False)
    jobs = [f"job{number}" for number in (3, 2, 1, 0)]
    assert sorted(_ids(new.inspect.jobs())) == sorted(jobs)
    assert len(new.inspect.jobs(3)) == 3
    created = [job.created_ms for job in new.inspect.jobs()]
    assert created == sorted(created, reverse=True)
    page = new.inspect.find_jobs(JobFilter(lane=Lane.BULK))
    assert (sorted(_ids(page.jobs)), page.is_complete) == (["job0", "job1"], True)
    page = new.inspect.find_jobs(JobFilter(state=JobState.FAILED), 2)
    assert (len(page.jobs), page.is_complete) == (2, False)
    assert _ids(new.inspect.leased()) == ["job3"]
    buried = [letter.buried_ms for letter in new.inspect.dead()]
    assert (len(buried), buried) == (3, sorted(buried, reverse=True))
    assert _ids(new.inspect.find_dead(DeadFilter(reason="TooLarge"))) == ["job0"]
    assert new.inspect.reasons() == {"BadInput": 2, "TooLarge": 1}


def test_acts_on_many_dead_letters_reach_both(old: SceneQueue, new: SceneQueue) -> None:
    """The progress counts those of both; who acted stands in one log, for each version to read."""
    for queue, job_id in ((old, "older"), (new, "newer")):
        submit(queue, job_id, 2)
        for lease in queue.worker.lease("c1", 2):
            queue.worker.fail("c1", lease, "BadInput", "never", transient=False)
    assert [*new.operator.requeue_all(DeadFilter(), "ann")][-1] == (4, 4, 4)
    assert new.inspect.depth().counts.ready == 4
    for lease in new.worker.lease("c1", 4):
        new.worker.fail("c1", lease, "BadInput", "never", transient=False)
    assert [*new.operator.discard_all(DeadFilter(reason="BadInput"), "ann")][-1] == (4, 4, 4)
    new.producer.cancel("older", "ann")
    assert [(act.act, act.amount) for act in old.inspect.acts()] == [("discard", 4), ("requeue", 4)]
    assert old.inspect.acts() == new.inspect.acts()


def test_limits_that_an_operator_has_changed_hold_for_both_versions(old: SceneQueue, new: SceneQueue) -> None:
    """They bound the fleet, whoever plans."""
    old.operator.set_limits({"max_containers": "3"}, "ann")
    assert [(limit.name, limit.value) for limit in new.inspect.limits()] == [("max_containers", 3)]


# -- what the dispatcher does


def test_what_a_lost_container_holds_of_both_comes_back(old: SceneQueue, new: SceneQueue) -> None:
    """At once when it is known to be lost, else when its leases expire."""
    submit(old, "older", 2)
    submit(new, "newer", 2)
    assert len(new.worker.lease("c1", 4)) == 4
    assert new.dispatcher.forfeit("c1", "lost") == 4
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
        new.worker.fail("c1", lease, "BadInput", "never", transient=False)
    fence = new.dispatcher.acquire("one", 30)
    assert fence
    new.dispatcher.record_sample(fence, 1, 0.25)
    (slot,) = new.inspect.history(Resolution.HOUR)
    assert (slot.ready, slot.dead, slot.dead_by_reason) == (2, 2, {"BadInput": 2})
    assert old.inspect.history(Resolution.HOUR) == [slot]


def test_dispatchers_of_both_versions_in_turns_count_each_item_once(old: SceneQueue, new: SceneQueue) -> None:
    """Each sees other structures, and one history."""
    submit(old, "dead", 1)
    old.worker.fail("c1", old.worker.lease("c1", 1)[0], "BadInput", "never", transient=False)
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
    assert sorted(_ids(due)) == ["a", "a", "b"]
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
