"""A foreign writer's item in place of one of the queue's becomes one dead letter, and no neighbour is harmed."""

import pytest

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit

BODIES = {
    "no UTF-8 in a text": b'{"v":1,"kind":"render","name":"s\xffcene"}',
    "no UTF-8 at all": b"\xfe\xff\x00\x80",
    "half a character": b'{"v":1,"kind":"render","name":"\xe2\x82"}',
    "a surrogate as bytes": b'{"v":1,"kind":"render","name":"\xed\xa0\x80"}',
    "half a surrogate pair": rb'{"v":1,"kind":"render","name":"x","payload":{"t":"\ud800"}}',
    "nested 5,000 deep": b'{"v":1,"kind":"render","name":"a","payload":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "nested 300 deep": b'{"v":1,"kind":"render","name":"a","payload":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    "a list 5,000 deep": b"[" * 5000,
    "no JSON": b"render it, please",
    "nothing": b"",
    "another JSON value": b'"render"',
    "half an item": b'{"v":1,"kind":"rend',
    "a number in hexadecimal": b'{"v":1,"kind":"render","name":"a","weight":0x10}',
    "a raw line feed in a text": b'{"v":1,"kind":"render","name":"a\nb"}',
    "a version that is none": b'{"v":"two","kind":"render","name":"a"}',
    "a weight beyond all bounds": b'{"v":1,"kind":"render","name":"a","weight":1e300}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_item_that_cannot_be_read_is_one_dead_letter(any_queue: SceneQueue, body: bytes) -> None:
    """Its neighbours in the same lease go on; the letter can be read, requeued, and is buried again."""
    submit(any_queue, "a", 3)
    connection = any_queue._connection
    ready = connection.keys.ready("a", "render/1")
    connection.client.lset(ready, 1, b"0-1 1000 " + body)
    leases = any_queue.worker.lease("c1", 3)
    assert [lease.item_id for lease in leases] == ["0-0", "0-2"]
    assert any_queue.worker.ack("c1", [done(lease) for lease in leases]) == []
    (letter,) = any_queue.inspect.dead("a")
    assert (letter.item_id, letter.errors[-1].error, letter.item.kind) == ("0-1", "BadInput", "malformed")
    assert letter.errors[-1].message.startswith("not a work item: ")
    assert any_queue.producer.status("a").state is JobState.FAILED
    assert [result.state for result in any_queue.producer.results("a")] == ["done", "dead", "done"]
    any_queue.operator.requeue("a", "0-1")
    assert any_queue.worker.lease("c1", 3) == []
    assert len(any_queue.inspect.dead("a")) == 1
    counts = any_queue.inspect.depth().counts
    assert (counts.ready, counts.leased, counts.dead, counts.done) == (0, 0, 1, 2)


@pytest.mark.parametrize("options", [b"", b"{", b"\xff", b"[1]", b"[" * 5000, b'{"fps":0}'])
def test_options_that_cannot_be_read_are_bad_input(any_queue: SceneQueue, options: bytes) -> None:
    """Permanent, and told so: no attempt at the job's items would succeed."""
    submit(any_queue, "a", 1)
    connection = any_queue._connection
    connection.client.hset(connection.keys.job("a"), "options", options)
    with pytest.raises(BadInput, match="the options of job a in Redis are malformed"):
        any_queue.worker.options("a")


@pytest.mark.parametrize("result", [b"", b"\xff", b"{}", b"[" * 5000])
def test_one_malformed_result_hides_no_other(any_queue: SceneQueue, result: bytes) -> None:
    """It is shown as what it is, in its place."""
    submit(any_queue, "a", 3)
    any_queue.worker.ack("c1", [done(lease) for lease in any_queue.worker.lease("c1", 3)])
    connection = any_queue._connection
    connection.client.hset(connection.keys.job("a", "results"), "0-1", result)
    first, spoilt, last = any_queue.producer.results("a")
    assert (first.state, last.state) == ("done", "done")
    assert (spoilt.item_id, spoilt.state) == ("0-1", "dead")
    assert (spoilt.error or "").startswith("Malformed")


def test_one_malformed_event_hides_no_other(any_queue: SceneQueue) -> None:
    """Whoever follows the job goes on behind it."""
    submit(any_queue, "a", 1)
    connection = any_queue._connection
    connection.client.xadd(connection.keys.job("a", "events"), {b"\xff": b"\xfe"})
    any_queue.producer.cancel("a")
    events = any_queue.producer.events("a")
    assert [event.event for event in events] == ["submitted", "malformed", "cancelled", "finished"]
    assert [event.event for event in any_queue.producer.events("a", events[1].id)] == ["cancelled", "finished"]


def test_a_job_cancelled_between_lease_and_begin_is_dropped_at_once(any_queue: SceneQueue) -> None:
    """Not only when the lease ends: whoever waits for the job has its end."""
    submit(any_queue, "a", 2)
    first, second = any_queue.worker.lease("c1", 2, begins_now=False)
    any_queue.producer.cancel("a")
    for lease in (first, second, first):
        with pytest.raises(LeaseLost):
            any_queue.worker.begin("c1", lease)
    counts = any_queue.producer.status("a").counts
    assert (counts.leased, counts.dropped) == (0, 2)
    depth = any_queue.inspect.depth().counts
    assert (depth.leased, depth.dropped) == (0, 2)
    assert not any_queue._connection.client.exists(any_queue._connection.keys.item("a", first.item_id))
