"""A clock of Redis that went back: what was to end soon must not last as long as the clock went back."""

from dispatcher.webhooks import retry_pause_s
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.item import ItemState
from scenequeue.ports.steering.dead_search import DeadFilter
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


def test_a_callback_of_before_the_clock_went_back_is_due(any_queue: SceneQueue) -> None:
    """One that was put off for a minute would wait for years. The longest pause is waited for."""
    for job in ("a", "b"):
        submit(any_queue, job, 1, callback_url="https://example.org/")
        any_queue.producer.cancel(job)
    longest_s = retry_pause_s(80_000)
    assert longest_s
    any_queue.dispatcher.settle_notice("b", None, longest_s)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.zadd(keys.notices, {"a": any_queue.inspect.now_ms() + 87_600 * _HOUR_MS})
    assert any_queue.dispatcher.due_notices() == []
    any_queue.dispatcher.reclaim()
    assert [job.job_id for job in any_queue.dispatcher.due_notices()] == ["a"]


def test_containers_and_letters_of_the_future_that_are_none_leave_the_indexes(any_queue: SceneQueue) -> None:
    """Of a foreign writer, or of before the clock went back; they would stand before all others, for ever."""
    any_queue.worker.beat(ContainerRecord(container_id=ContainerId("c1"), state="running"))
    any_queue.worker.beat(ContainerRecord(container_id=ContainerId("c2"), state="running"))
    submit(any_queue, "a", 1)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    future_ms = any_queue.inspect.now_ms() + _HOUR_MS
    client.zadd(keys.containers, {"c2": future_ms, **{f"junk{n}": float("inf") for n in range(1100)}})
    client.zadd(keys.dead, {f"a/0-{n}": float("inf") for n in range(1100)})
    client.zadd(keys.jobs, {f"junk{n}": float("inf") for n in range(30)})
    for _ in range(3):
        any_queue.dispatcher.reclaim()
    assert {each.container_id for each in any_queue.inspect.containers()} == {"c1", "c2"}
    assert client.zcard(keys.containers) == 2
    assert client.zscore(keys.containers, "c2") < future_ms
    assert [letter.item_id for letter in any_queue.inspect.dead()] == ["0-0"]
    assert any_queue.inspect.depth().counts.dead == client.zcard(keys.dead) == 1
    assert client.zrange(keys.jobs, 0, -1) == ["a"]
