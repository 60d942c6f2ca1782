"""The queue's history: samples of the acting dispatcher, kept in slots that take each other's place."""

import json

import pytest

from scenequeue.jobs.rollup import Resolution
from scenequeue.queue import SceneQueue
from tests.scenequeue.conftest import KINDS
from tests.scenequeue.jobs import done, submit, submit_kinds
from tests.support.reasons import said

# The JSON that fakeredis makes of an empty Lua table is a list; Redis's is an object.
pytestmark = pytest.mark.parametrize("kind", KINDS[1:], indirect=True)


def _fence(queue: SceneQueue) -> int:
    fence = queue.dispatcher.acquire("a", 60)
    assert fence is not None
    return fence


@pytest.mark.parametrize("resolution", Resolution)
def test_a_slot_keeps_peaks_sums_and_last_values(any_queue: SceneQueue, resolution: Resolution) -> None:
    """Most ready and most containers at once, dollars added up, dead letters at its end."""
    fence = _fence(any_queue)
    submit(any_queue, "a", 3)
    any_queue.dispatcher.record_sample(fence, 2, 0.25)
    first, second = any_queue.worker.lease("w", 2)
    any_queue.worker.ack("w", [done(first)])
    any_queue.worker.fail("w", second, "ToolFailed", said("x"), transient=False, retry_in_s=0)
    any_queue.dispatcher.record_sample(fence, 1, 0.5)
    rows = any_queue.inspect.history(resolution)
    # Two where a slot ended in between.
    assert max(row.ready for row in rows) == 3
    assert max(row.containers for row in rows) == 2
    assert sum(row.usd for row in rows) == pytest.approx(0.75)
    assert (rows[-1].dead, rows[-1].dead_by_reason) == (1, {"ToolFailed": 1})


def test_slots_are_shown_in_order_and_not_beyond_what_is_kept(any_queue: SceneQueue) -> None:
    """Slots older than that are not shown, whatever is left of them."""
    fence = _fence(any_queue)
    submit(any_queue, "a", 3)
    any_queue.worker.ack("w", [done(lease) for lease in any_queue.worker.lease("w", 3)])
    any_queue.dispatcher.record_sample(fence, 1, 0.0)
    key, client = any_queue._connection.keys.of("rollup:minute"), any_queue._connection.client
    begin_s = any_queue.inspect.history(Resolution.MINUTE)[-1].at_ms // 1000
    client.hset(key, "before", json.dumps([begin_s - 120, 5, 1, 1_000_000, 1, 0, {}]))
    client.hset(key, "older", json.dumps([begin_s - 100_000, 7, 1, 0, 0, 0, {}]))
    assert [(row.ready, row.done, row.usd) for row in any_queue.inspect.history(Resolution.MINUTE)] == [(5, 1, 1.0), (0, 3, 0.0)]


@pytest.mark.parametrize("resolution", Resolution)
def test_each_item_done_is_counted_once_from_the_first_slot_on(any_queue: SceneQueue, resolution: Resolution) -> None:
    """Also those done before the first sample; a Redis that has lost its counters counts from there."""
    fence = _fence(any_queue)
    submit(any_queue, "a", 5)
    for count in (2, 0, 1):
        any_queue.worker.ack("w", [done(lease) for lease in any_queue.worker.lease("w", count)])
        any_queue.dispatcher.record_sample(fence, 1, 0.0)
    assert sum(row.done for row in any_queue.inspect.history(resolution)) == 3
    any_queue._connection.client.hset(any_queue._connection.keys.counts, "done", 0)
    any_queue.dispatcher.record_sample(fence, 1, 0.0)
    any_queue.worker.ack("w", [done(lease) for lease in any_queue.worker.lease("w", 2)])
    any_queue.dispatcher.record_sample(fence, 1, 0.0)
    assert sum(row.done for row in any_queue.inspect.history(resolution)) == 5


def test_a_dispatcher_that_was_replaced_adds_nothing(any_queue: SceneQueue) -> None:
    """Its cost is told by the one that acts."""
    fence = _fence(any_queue)
    any_queue.dispatcher.resign("a")
    assert any_queue.dispatcher.acquire("b", 60) != fence
    any_queue.dispatcher.record_sample(fence, 9, 9.0)
    assert any_queue.inspect.history(Resolution.HOUR) == []


@pytest.mark.parametrize("text", ["", "{", "[1]", '["a", {}, [], null, 1, 2, 3]', "[" * 300])
def test_a_slot_that_cannot_be_read_is_written_anew(any_queue: SceneQueue, text: str) -> None:
    """And is left out until then."""
    fence = _fence(any_queue)
    key, client = any_queue._connection.keys.of("rollup:hour"), any_queue._connection.client
    any_queue.dispatcher.record_sample(fence, 1, 1.0)
    (field,) = client.hkeys(key)
    client.hset(key, field, text)
    assert any_queue.inspect.history(Resolution.HOUR) == []
    any_queue.dispatcher.record_sample(fence, 2, 0.0)
    assert any_queue.inspect.history(Resolution.HOUR)[-1].containers == 2
    assert 0 < client.ttl(key) <= 90 * 86400


def test_a_sample_whose_answer_was_lost_adds_its_dollars_once(any_queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client repeats the call; the next sample is another one, also of the same amount."""
    fence, run = _fence(any_queue), any_queue._connection.run_on_all

    def answer_lost(script: str, *arguments: str | float) -> object:
        run(script, *arguments)
        return run(script, *arguments)

    monkeypatch.setattr(any_queue._connection, "run_on_all", answer_lost)
    for _ in range(2):
        any_queue.dispatcher.record_sample(fence, 1, 0.25)
    assert sum(row.usd for row in any_queue.inspect.history(Resolution.HOUR)) == pytest.approx(0.5)


def test_a_sample_that_changes_nothing_writes_nothing(any_queue: SceneQueue) -> None:
    """So that the append-only file of an idle queue hardly grows."""
    fence = _fence(any_queue)
    key, client = any_queue._connection.keys.of("rollup:hour"), any_queue._connection.client

    def begins() -> list[int]:
        any_queue.dispatcher.record_sample(fence, 1, 0.0)
        return [row.at_ms for row in any_queue.inspect.history(Resolution.HOUR)]

    before = begins()
    client.persist(key)
    after = begins()
    expires = client.ttl(key) != -1
    client.expire(key, 60)
    # Where an hour has begun in between, a slot was written.
    assert expires == (before != after)


def test_a_reason_that_none_may_have_hides_no_slot(any_queue: SceneQueue) -> None:
    """Of a foreign writer: it counts among the others."""
    fence, connection = _fence(any_queue), any_queue._connection
    connection.client.hset(connection.keys.of("dead:reasons"), mapping={b"\xff": 5, "two words": 2, "other": 1, "ToolFailed": 4})
    any_queue.dispatcher.record_sample(fence, 1, 0.0)
    assert any_queue.inspect.history(Resolution.HOUR)[-1].dead_by_reason == {"other": 8, "ToolFailed": 4}
    connection.client.delete(connection.keys.of("dead:reasons"))


def test_done_films_are_counted_beside_the_scenes(any_queue: SceneQueue) -> None:
    """And the items of transcodings beside both; all stay counted when counters are repaired."""
    submit_kinds(any_queue, "a", ["render", "render"], ["stitch"])
    submit_kinds(any_queue, "b", ["probe"], ["encode", "encode", "audio"])
    for _ in range(2):
        any_queue.worker.ack("w", [done(lease) for lease in any_queue.worker.lease("w", 10)])
    for _ in range(2):
        depth = any_queue.inspect.depth()
        assert (depth.counts.done, depth.scenes_done, depth.films, depth.others) == (7, 2, 1, 4)
        any_queue.dispatcher.reclaim()
