"""The queue's history: samples of the acting dispatcher, kept in slots that take each other's place."""

import json

import pytest

from scenequeue.jobs.rollup import Resolution
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit


def _fence(queue: SceneQueue) -> int:
    fence = queue.dispatcher.acquire("a", 60)
    assert fence is not None
    return fence


@pytest.mark.parametrize("resolution", Resolution)
def test_a_slot_keeps_peaks_sums_and_last_values(queue: SceneQueue, resolution: Resolution) -> None:
    """Most ready and most containers at once, dollars added up, dead letters at its end."""
    fence = _fence(queue)
    submit(queue, "a", 3)
    queue.dispatcher.record_sample(fence, 2, 0.25)
    first, second = queue.worker.lease("w", 2)
    queue.worker.ack("w", [done(first)])
    queue.worker.fail("w", second, "ToolFailed", "x", transient=False, retry_in_s=0)
    queue.dispatcher.record_sample(fence, 1, 0.5)
    rows = queue.inspect.history(resolution)
    # Two where a slot ended in between.
    assert max(row.ready for row in rows) == 3
    assert max(row.containers for row in rows) == 2
    assert sum(row.usd for row in rows) == pytest.approx(0.75)
    assert (rows[-1].dead, rows[-1].dead_by_reason) == (1, {"ToolFailed": 1})


def test_done_counts_from_the_slot_before(queue: SceneQueue) -> None:
    """And slots older than what is kept are not shown, whatever is left of them."""
    fence = _fence(queue)
    submit(queue, "a", 3)
    queue.worker.ack("w", [done(lease) for lease in queue.worker.lease("w", 3)])
    queue.dispatcher.record_sample(fence, 1, 0.0)
    key, client = queue._connection.keys.of("rollup:minute"), queue._connection.client
    begin_s = queue.inspect.history(Resolution.MINUTE)[-1].at_ms // 1000
    client.hset(key, "before", json.dumps([begin_s - 120, 5, 1, 1_000_000, 1, 0, {}]))
    client.hset(key, "older", json.dumps([begin_s - 100_000, 7, 1, 0, 0, 0, {}]))
    assert [(row.ready, row.done, row.usd) for row in queue.inspect.history(Resolution.MINUTE)] == [(5, 1, 1.0), (0, 2, 0.0)]


def test_a_dispatcher_that_was_replaced_adds_nothing(queue: SceneQueue) -> None:
    """Its cost is told by the one that acts."""
    fence = _fence(queue)
    queue.dispatcher.resign("a")
    assert queue.dispatcher.acquire("b", 60) != fence
    queue.dispatcher.record_sample(fence, 9, 9.0)
    assert queue.inspect.history(Resolution.HOUR) == []


@pytest.mark.parametrize("text", ["", "{", "[1]", '["a", {}, [], null, 1, 2, 3]', "[" * 300])
def test_a_slot_that_cannot_be_read_is_written_anew(queue: SceneQueue, text: str) -> None:
    """And is left out until then."""
    fence = _fence(queue)
    key, client = queue._connection.keys.of("rollup:hour"), queue._connection.client
    queue.dispatcher.record_sample(fence, 1, 1.0)
    (field,) = client.hkeys(key)
    client.hset(key, field, text)
    assert queue.inspect.history(Resolution.HOUR) == []
    queue.dispatcher.record_sample(fence, 2, 0.0)
    assert queue.inspect.history(Resolution.HOUR)[-1].containers == 2
    assert 0 < client.ttl(key) <= 90 * 86400
