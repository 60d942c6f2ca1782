"""A clock of Redis that went back: what was to end soon must not last as long as the clock went back."""

from scenequeue.jobs.item import ItemState
from scenequeue.ports.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit
from tests.support.reasons import said

_HOUR_MS = 3_600_000


def test_a_retry_of_before_the_clock_went_back_is_due(any_queue: SceneQueue) -> None:
    """One that was put off for seconds would wait for an hour. Others wait on."""
    submit(any_queue, "a", 2)
    first, second = any_queue.worker.lease("c1", 2)
    for lease in (first, second):
        retried = any_queue.worker.fail("c1", lease, "ToolFailed", said("again"), transient=True, retry_in_s=60)
        assert retried is ItemState.DELAYED
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.zincrby(keys.delayed, _HOUR_MS, f"a/{first.item_id}")
    any_queue.dispatcher.reclaim()
    assert [lease.item_id for lease in any_queue.worker.lease("c1", 2)] == [first.item_id]


def test_a_lock_of_before_the_clock_went_back_is_free(any_queue: SceneQueue) -> None:
    """Its holder has died at the same time; until now nobody acted for an hour. A lock that is held stays held."""
    fence = any_queue.dispatcher.acquire("one", 60)
    assert fence
    assert any_queue.dispatcher.acquire("two", 60) is None
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.pexpire(keys.dispatcher, _HOUR_MS)
    assert any_queue.dispatcher.acquire("two", 60) > fence
    assert any_queue.dispatcher.acquire("one", 60) is None


def test_letters_of_the_future_are_requeued_too(any_queue: SceneQueue) -> None:
    """Redis's clock may have been set back since their burial; others have odder times."""
    submit(any_queue, "a", 3)
    for lease in any_queue.worker.lease("c1", 3):
        any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    future_ms = any_queue.inspect.now_ms() + 3_600_000
    for index in (keys.dead, keys.of("dead:reason:BadInput")):
        client.zadd(index, {"a/0-0": future_ms, "a/0-1": float("inf"), "a/0-2": float("-inf")}, xx=True)
    assert len(any_queue.inspect.dead(job_id="a")) == len(any_queue.inspect.dead()) == 3
    assert [step.changed for step in any_queue.operator.requeue_all(DeadFilter())] == [3]
    (lease, *_) = any_queue.worker.lease("c1", 3)
    client.zadd(keys.leases, {f"a/{lease.item_id}": float("inf")})
    assert len(any_queue.inspect.leased()) == 3
