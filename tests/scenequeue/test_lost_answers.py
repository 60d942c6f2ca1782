"""An answer is lost on the way back, and the call is made again: it has happened once."""

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.ports.worker import new_request_id
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


def test_a_lease_asked_for_again_returns_what_it_took(any_queue: SceneQueue) -> None:
    """Nothing stays leased and unknown to its container; the next call takes the next items."""
    submit(any_queue, "a", 5)
    call = new_request_id()
    first = any_queue.worker.lease("c1", 2, call=call)
    again = any_queue.worker.lease("c1", 3, call=call)
    assert [(lease.item_id, lease.token, lease.attempt) for lease in again] == [
        (lease.item_id, lease.token, lease.attempt) for lease in first
    ]
    assert all(new.deadline_ms >= old.deadline_ms for new, old in zip(again, first, strict=True))
    assert any_queue.inspect.depth().counts.leased == 2
    following = any_queue.worker.lease("c1", 1, call=new_request_id())
    assert [lease.item_id for lease in following] == ["0-2"]
    assert any_queue.worker.ack("c1", [done(lease) for lease in (*again, *following)]) == []


def test_a_lease_asked_for_again_returns_nothing_that_another_has_by_now(any_queue: SceneQueue) -> None:
    """The answer was away for longer than the lease; it also comes to a container that is to drain meanwhile."""
    submit(any_queue, "a", 2)
    call = new_request_id()
    any_queue.worker.lease("c1", 2, lease_s=0, call=call)
    any_queue.dispatcher.reclaim()
    (other,) = any_queue.worker.lease("c2", 1)
    (rest,) = any_queue.worker.lease("c1", 2, call=call)
    assert rest.item_id != other.item_id
    assert any_queue.worker.release("c1", [rest]) == []
    assert any_queue.worker.ack("c2", [done(other)]) == []
    last = new_request_id()
    taken = any_queue.worker.lease("c1", 2, call=last)
    any_queue.dispatcher.drain("c1")
    assert [lease.token for lease in any_queue.worker.lease("c1", 2, call=last)] == [lease.token for lease in taken]
    assert any_queue.worker.release("c1", taken) == []


def test_a_failure_reported_again_counts_once(any_queue: SceneQueue) -> None:
    """The first failure may have become a retry or a dead letter, and the retry may be ready or leased again."""
    submit(any_queue, "a", 1, max_attempts=2)
    (first,) = any_queue.worker.lease("c1", 1)
    for _ in range(2):
        answer = any_queue.worker.fail("c1", first, "ToolFailed", said("once"), transient=True, retry_in_s=0)
        assert answer is ItemState.DELAYED
    (second,) = any_queue.worker.lease("c2", 1)
    assert second.attempt == 2
    assert any_queue.worker.fail("c1", first, "ToolFailed", said("once"), transient=True) is ItemState.DELAYED
    for _ in range(2):
        assert any_queue.worker.fail("c2", second, "ToolFailed", said("twice"), transient=True) is ItemState.DEAD
    (letter,) = any_queue.inspect.dead("a")
    assert [error.message for error in letter.errors] == ["once", "twice"]
    assert any_queue.producer.status("a").counts.dead == 1


def test_what_was_uploaded_twice_is_there_once(any_queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client repeats what was not answered; the whole submission goes through all the same."""
    run = any_queue._connection.run

    def answer_lost(script: str, *arguments: str | float) -> object:
        if script in {"append", "submit"}:
            run(script, *arguments)
        return run(script, *arguments)

    monkeypatch.setattr(any_queue._connection, "run", answer_lost)
    status = any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [items(1200), items(3)])
    assert (status.state, status.counts.ready, status.counts.waiting) == (JobState.ACTIVE, 1200, 3)
    order = [lease.item_id for lease in any_queue.worker.lease("c1", 1200)]
    assert order == [f"0-{index}" for index in range(1200)]
