"""Keys that are gone, broken or left over stop nothing else, and the counters add up."""

import pytest

from scenequeue.errors import JobConflict, LeaseLost
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.conftest import queue_on
from tests.scenequeue.jobs import RESULT_TTL_S, done, end_results, items, submit
from tests.support.reasons import said
from tests.support.waiting import wait_until


def test_a_token_proves_a_lease_only_with_its_container(any_queue: SceneQueue) -> None:
    """Promise 3: whoever else names the token, by a mix-up of whatever kind, changes nothing."""
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1, begins_now=False)
    assert any_queue.worker.ack("c2", [done(lease)]) == [lease]
    assert any_queue.worker.extend("c2", [lease]) == [lease]
    assert any_queue.worker.release("c2", [lease]) == [lease]
    with pytest.raises(LeaseLost):
        any_queue.worker.begin("c2", lease)
    with pytest.raises(LeaseLost):
        any_queue.worker.fail("c2", lease, "ToolFailed", said("no"), transient=True)
    assert any_queue.inspect.depth().counts.leased == 1
    assert any_queue.worker.ack("c1", [done(lease)]) == []


def test_a_leased_item_whose_key_vanished_is_buried_and_named(any_queue: SceneQueue) -> None:
    """Evicted or deleted by hand: reclaiming goes on with the others, and the job can end."""
    submit(any_queue, "a", 3)
    gone, *_ = any_queue.worker.lease("c1", 2, lease_s=0)
    connection = any_queue._connection
    connection.client.delete(connection.keys.item("a", gone.item_id))
    assert any_queue.dispatcher.reclaim() == 2
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.item_id, letter.errors[0].error) == (gone.item_id, "MessageLost")
    counts = any_queue.inspect.depth().counts
    assert (counts.ready, counts.leased, counts.dead, counts.total) == (2, 0, 1, 3)
    any_queue.worker.ack("c1", [done(lease) for lease in any_queue.worker.lease("c1", 2)])
    assert any_queue.producer.status("a").state is JobState.FAILED


def test_a_delayed_item_whose_key_vanished_is_buried_and_stops_no_lease(any_queue: SceneQueue) -> None:
    """Otherwise no container would get anything any more."""
    submit(any_queue, "a", 2)
    retry = any_queue.worker.lease("c1", 1)[0]
    any_queue.worker.fail("c1", retry, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    connection = any_queue._connection
    connection.client.delete(connection.keys.item("a", retry.item_id))
    (other,) = any_queue.worker.lease("c1", 2)
    assert any_queue.worker.ack("c1", [done(other)]) == []
    (letter,) = any_queue.inspect.dead("a")
    assert [error.error for error in letter.errors] == ["ToolFailed", "MessageLost"]
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done, status.counts.dead, status.counts.in_work) == (JobState.FAILED, 1, 1, 0)


def test_forfeiting_a_container_leaves_alone_what_others_have_by_now(any_queue: SceneQueue) -> None:
    """A member left over in its set costs nobody a lease, and no counter; the set itself goes."""
    submit(any_queue, "a", 2)
    one, two = any_queue.worker.lease("c1", 2)
    any_queue.worker.ack("c1", [done(one)])
    connection = any_queue._connection
    connection.client.sadd(connection.keys.held("c2"), "a/0-0", "a/0-1", "b/0-0")
    assert any_queue.dispatcher.forfeit("c2", said("lost")) == 0
    assert not connection.client.exists(connection.keys.held("c2"))
    counts = any_queue.inspect.depth().counts
    assert (counts.leased, counts.done, counts.total) == (1, 1, 2)
    assert any_queue.worker.ack("c1", [done(two)]) == []


def test_what_a_container_holds_is_not_remembered_for_ever(any_queue: SceneQueue) -> None:
    """Whatever is left over in the set expires; leases and heartbeats keep it."""
    submit(any_queue, "a", 2)
    lease, _ = any_queue.worker.lease("c1", 2)
    connection = any_queue._connection
    held = connection.keys.held("c1")
    assert connection.client.ttl(held) > 3600
    connection.client.expire(held, 10)
    any_queue.worker.extend("c1", [lease])
    assert connection.client.ttl(held) > 3600


@pytest.mark.parametrize("element", ["", "garbage", "two words", "0-1 heavy {}", "a/b 1000 {}", '{"json": true}', 'quo"te 1 {}'])
def test_a_malformed_list_element_is_buried_and_its_neighbours_are_leased(any_queue: SceneQueue, element: str) -> None:
    """A foreign writer's, under a name of its own; its weight and its place in the counts go with it."""
    submit(any_queue, "a", 3)
    connection = any_queue._connection
    connection.client.lset(connection.keys.ready("a", "render/1"), 1, element)
    leases = any_queue.worker.lease("c1", 3)
    assert [lease.item_id for lease in leases] == ["0-0", "0-2"]
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.item_id.startswith("malformed-"), letter.errors[0].error) == (True, "BadInput")
    depth = any_queue.inspect.depth()
    assert (depth.counts.ready, depth.counts.leased, depth.counts.dead, depth.ready_weight) == (0, 2, 1, 0)
    any_queue.worker.ack("c1", [done(lease) for lease in leases])
    assert any_queue.producer.status("a").state is JobState.FAILED
    any_queue.operator.requeue("a", letter.item_id)
    assert any_queue.worker.lease("c1", 3) == []
    assert len(any_queue.inspect.dead("a")) == 1


def test_a_malformed_element_that_was_pushed_uncounted_ends_no_job_early(any_queue: SceneQueue) -> None:
    """It is one item more than was submitted, and the ready ones stay counted."""
    submit(any_queue, "a", 2)
    connection = any_queue._connection
    connection.client.rpush(connection.keys.ready("a", "render/1"), "garbage")
    leases = any_queue.worker.lease("c1", 3)
    counts = any_queue.inspect.depth().counts
    assert (counts.ready, counts.leased, counts.dead) == (0, 2, 1)
    any_queue.worker.ack("c1", [done(leases[0])])
    assert any_queue.producer.status("a").state is JobState.ACTIVE
    any_queue.worker.ack("c1", [done(leases[1])])
    assert any_queue.producer.status("a").state is JobState.FAILED


def test_an_uncounted_item_that_is_leased_keeps_its_job_going(any_queue: SceneQueue) -> None:
    """A foreign writer pushed a good element without counting it: the counters are off, yet nothing is ended under work."""
    submit(any_queue, "a", 1)
    body = items(1)[0].model_dump_json()
    any_queue._connection.client.rpush(any_queue._connection.keys.ready("a", "render/1"), f"0-1 1000 {body}")
    one, two = any_queue.worker.lease("c1", 2)
    assert any_queue.worker.ack("c1", [done(one)]) == []
    assert any_queue.producer.status("a").state is JobState.ACTIVE
    assert any_queue.worker.ack("c1", [done(two)]) == []
    assert any_queue.producer.status("a").state is JobState.DONE


def test_what_happens_to_an_ended_job_is_told_only_for_a_while(any_queue: SceneQueue) -> None:
    """Promise 10: an event written after the others have expired expires too."""
    submit(any_queue, "a", 2)
    for lease in any_queue.worker.lease("c1", 2):
        any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    connection = any_queue._connection
    connection.client.delete(connection.keys.job("a", "events"))
    any_queue.operator.discard("a", "0-0")
    assert 0 < connection.client.ttl(connection.keys.job("a", "events")) <= 3600


def test_a_stage_that_never_opened_leaves_the_counts_with_its_job(servers: dict[str, str], namespace: str) -> None:
    """Promise 5: a failed job that has expired has nothing that waits."""
    queue = queue_on("wheel", servers, namespace, result_ttl_s=RESULT_TTL_S)
    submit(queue, "a", 1, 2, 3)
    queue.worker.fail("c1", queue.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    assert queue.inspect.depth().counts.waiting == 5

    end_results(queue)

    def is_forgotten() -> bool:
        queue.dispatcher.reclaim()
        return not queue.inspect.jobs()

    wait_until(is_forgotten, "the job has expired")

    def is_uncounted() -> bool:
        # The letter goes with its job's keys, and a moment later, at a reclaim, its place in the counts.
        return queue.dispatcher.reclaim() == 0 and queue.inspect.depth().counts.dead == 0

    wait_until(is_uncounted, "its letter too")
    assert not queue.inspect.dead()
    counts = queue.inspect.depth().counts
    assert (counts.waiting, counts.dead, counts.dropped, counts.total) == (0, 0, 6, 6)
    queue.close()


def test_a_failed_job_whose_stages_wait_can_be_cancelled(any_queue: SceneQueue) -> None:
    """They are dropped, and its dead letters have no new start; a failed job of which nothing waits stays failed."""
    submit(any_queue, "a", 1, 2)
    submit(any_queue, "b", 1)
    for lease in any_queue.worker.lease("c1", 2):
        any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    status = any_queue.producer.cancel("a")
    assert (status.state, status.counts.waiting, status.counts.dropped, status.counts.dead) == (JobState.CANCELLED, 0, 2, 1)
    assert any_queue.inspect.depth().counts.waiting == 0
    with pytest.raises(JobConflict):
        any_queue.operator.requeue("a", "0-0")
    assert any_queue.producer.cancel("b").state is JobState.FAILED


def test_discarding_the_last_letter_drops_the_stages_that_wait(any_queue: SceneQueue) -> None:
    """The job stays failed: a film is not stitched from what was never made. Until then a requeue could open them."""
    submit(any_queue, "a", 2, 1)
    for lease in any_queue.worker.lease("c1", 2):
        any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    any_queue.operator.discard("a", "0-0")
    assert any_queue.producer.status("a").counts.waiting == 1
    any_queue.operator.discard("a", "0-1")
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.waiting, status.counts.dropped) == (JobState.FAILED, 0, 3)
    assert any_queue.inspect.depth().counts.waiting == 0


def test_a_letter_discarded_while_others_work_holds_the_next_stage_back_too(any_queue: SceneQueue) -> None:
    """The stage is held back because the scene is missing, at whatever time its letter was discarded."""
    submit(any_queue, "a", 2, 1)
    bad, good = any_queue.worker.lease("c1", 2)
    any_queue.worker.fail("c1", bad, "BadInput", said("no"), transient=False)
    any_queue.operator.discard("a", bad.item_id)
    any_queue.worker.ack("c1", [done(good)])
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done, status.counts.dropped) == (JobState.FAILED, 1, 2)
    assert any_queue.worker.lease("c1", 1) == []


def test_a_job_id_submitted_again_after_its_results_expired_is_a_new_job(
    servers: dict[str, str], redis_url: str, namespace: str
) -> None:
    """It stays in the lists of jobs, and nothing of its namesake is told or counted any more."""
    queue = queue_on("wheel", servers, namespace, result_ttl_s=RESULT_TTL_S)
    client, keys = queue._connection.client, queue._connection.keys
    submit(queue, "a", 1, 2, callback_url="https://example.org/")
    queue.worker.fail("c1", queue.worker.lease("c1", 1)[0], "BadInput", said("no"), transient=False)
    end_results(queue)
    assert not client.exists(keys.job("a"))
    submit(queue, "a", 2, callback_url="https://example.org/")
    assert queue.dispatcher.due_notices() == []
    queue.dispatcher.reclaim()
    assert [job.job_id for job in queue.inspect.jobs()] == ["a"]
    leases = queue.worker.lease("c1", 2)
    assert queue.worker.fail("c1", leases[0], "BadInput", said("no"), transient=False) is ItemState.DEAD
    counts = queue.inspect.depth().counts
    assert (counts.waiting, counts.leased, counts.dead, counts.dropped) == (0, 1, 1, 3)
    assert client.zcard(keys.dead) == 1
    queue.close()


def test_the_burial_of_an_item_names_the_lease_that_it_ended(any_queue: SceneQueue) -> None:
    """So that a history can be judged: reported by its container, or lost with it."""
    submit(any_queue, "a", 2, max_attempts=1)
    reported, lost = any_queue.worker.lease("c1", 2, lease_s=0)
    any_queue.worker.fail("c1", reported, "ToolFailed", said("no"), transient=True)
    any_queue.dispatcher.reclaim()
    buried = [event for event in any_queue.producer.events("a") if event.event == "dead"]
    assert [(event.item_id, event.fields["token"]) for event in buried] == [
        (reported.item_id, reported.token),
        (lost.item_id, lost.token),
    ]
