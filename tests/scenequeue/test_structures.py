"""A version that knows two structures of keys beside one that knows the older alone: the same code, under another number."""

import pytest

from scenequeue.errors import JobConflict, JobNotFound, QueueFull
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.scenequeue.two_structures import NEWER, OLDER, contents, ids
from tests.support.reasons import said

# -- leasing


def test_an_old_worker_leases_nothing_of_the_newer_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Its scripts cannot see the keys; its own work is the very next, behind ten urgent items that it does not know."""
    submit(new, "newer", 10, lane=Lane.URGENT)
    submit(old, "older", 2, lane=Lane.BULK)
    leases = old.worker.lease("c1", 20)
    assert ids(leases) == ["older", "older"]
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
    assert ids(leases) == expected == peeked
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
        taken += ids(new.worker.lease("c1", 1, call=f"call{number:x}"))
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
    assert ids(new.worker.lease("c1", 4, call="b0")) == ["older"]


def test_results_of_both_are_handed_in_and_the_next_of_both_taken(old: SceneQueue, new: SceneQueue) -> None:
    """By one call; what another container has by now is refused, of each structure."""
    submit(old, "older", 4)
    submit(new, "newer", 4)
    leases = [*new.worker.lease("c1", 2, call="a0"), *old.worker.lease("c1", 2)]
    lost = [leases[0], leases[2]]
    new.worker.release("c1", lost)
    refused, following = new.worker.exchange("c1", [done(lease) for lease in leases], 4)
    assert {(lease.job_id, lease.item_id) for lease in refused} == {(lease.job_id, lease.item_id) for lease in lost}
    assert sorted(ids(following)) in (["newer"] * 3 + ["older"], ["newer"] + ["older"] * 3)
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
        assert new.worker.fail("c1", retried, "ToolFailed", said("again"), transient=True, retry_in_s=0) is ItemState.DELAYED
        assert new.worker.fail("c1", buried, "BadInput", said("never"), transient=False) is ItemState.DEAD
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
    assert sorted(ids(following)) == 3 * ["newer"] + 3 * ["older"]
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
    assert ids(new.worker.lease("c1", 1, call="a0", bell="render/1")) == ["newer"]
    new.operator.pause()
    assert new.worker.wait_for_work(0.01) == ""
    assert new.worker.lease("c1", 5) == []
    new.operator.resume()
    assert new.worker.wait_for_work(0.01) == "render/1@2"
    # A program that was killed when one of both structures had agreed with the pause.
    new._connection.run("pause", 1, "normal", "", "ann", "")
    assert not new.operator.pause("bob", lane=Lane.NORMAL)
    assert new.worker.wait_for_work(0.01) == ""


def test_a_job_that_two_versions_have_submitted_is_paused_in_both(old: SceneQueue, new: SceneQueue) -> None:
    """As one act; each is listed."""
    submit(new, "a", 1)
    submit(old, "a", 1)
    assert new.operator.pause("ann", job="a")
    assert (new.worker.lease("c1", 5), new.inspect.depth().paused_items) == ([], 2)
    assert [pause.about for pause in new.inspect.pauses()] == ["job=a", "job=a"]
    assert [(act.act, act.amount) for act in new.inspect.acts()] == [("pause", 2)]
    assert new.operator.resume("ann", job="a")
    assert len(new.worker.lease("c1", 5)) == 2


# -- submitting


def test_a_job_that_an_older_version_has_submitted_is_not_submitted_anew(old: SceneQueue, new: SceneQueue) -> None:
    """The same content is the same job, other content a conflict; nothing of it is left in the newer structure."""
    submit(old, "a", 2)
    assert submit(new, "a", 2).created_ms == old.producer.status("a").created_ms
    with pytest.raises(JobConflict):
        submit(new, "a", 3)
    assert contents(new, NEWER) == {}
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
    assert sorted(ids(new.worker.lease("c1", 5))) == ["newer", "older"]


def test_steps_of_the_older_version_touch_nothing_of_the_newer_structure(old: SceneQueue, new: SceneQueue) -> None:
    """Whatever they do meanwhile, with jobs and containers of the same names."""
    submit(new, "a", 4)
    leases = new.worker.lease("c1", 3, lease_s=0)
    new.worker.fail("c1", leases[0], "BadInput", said("never"), transient=False)
    new.worker.fail("c1", leases[1], "ToolFailed", said("again"), transient=True, retry_in_s=0)
    before = contents(new, NEWER)
    submit(old, "a", 2)
    (lease,) = old.worker.lease("c1", 1)
    old.worker.fail("c1", lease, "BadInput", said("never"), transient=False)
    old.operator.requeue("a", lease.item_id)
    old.dispatcher.reclaim()
    old.dispatcher.forfeit("c1", said("lost"))
    assert list(old.operator.discard_all(DeadFilter())) == []
    old.producer.cancel("a")
    assert contents(new, NEWER) == before


# -- by the id of a job


# -- what operators see and do


# -- what the dispatcher does
