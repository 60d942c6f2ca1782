"""A clock of Redis that went back: what was to end soon must not last as long as the clock went back."""

from scenequeue.jobs.item import ItemState
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
