"""A foreign writer's leavings in Redis are shown as malformed, and hide nothing beside them."""

from collections.abc import Iterator
from typing import Any

import pytest

from scenequeue.errors import JobNotFound, QueueUnavailable
from scenequeue.jobs.job import JobState
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


@pytest.fixture
def raw(queue: SceneQueue) -> Iterator[Any]:
    """The queue's Redis, as somebody with a client of his own has it; what he wrote is gone at the end."""
    client = queue._connection.client
    yield client
    for key in client.scan_iter(match=queue._connection.keys.prefix.replace("{", "\\{") + "*"):
        client.delete(key)


@pytest.mark.parametrize("fields", [{"ready": "3"}, {"state": "active"}, {"state": "soon", "lane": "urgent", "ready": "x"}])
def test_an_incomplete_job_hash_is_a_malformed_job(queue: SceneQueue, raw: Any, fields: dict[str, str]) -> None:
    """In the list, beside a good one, and by its id; whoever waits for it does not wait for ever."""
    submit(queue, "good", 1)
    raw.hset(queue._connection.keys.job("broken"), mapping=fields)
    raw.zadd(queue._connection.keys.jobs, {"broken": 1})
    assert {job.job_id: job.state for job in queue.inspect.jobs()} == {"good": JobState.ACTIVE, "broken": JobState.MALFORMED}
    assert queue.inspect.job("broken").state is JobState.MALFORMED
    assert queue.producer.status("broken").state is JobState.MALFORMED


def test_a_job_whose_id_none_may_have_is_malformed(queue: SceneQueue, raw: Any) -> None:
    """A quote in it breaks the JSON of its dead letters too."""
    name = 'it\'s "x"'
    submit(queue, "good", 1)
    raw.hset(queue._connection.keys.job(name), mapping=raw.hgetall(queue._connection.keys.job("good")))
    raw.zadd(queue._connection.keys.jobs, {name: 1})
    raw.hset(queue._connection.keys.job(name, "dead"), "0-0", '{"job_id":"it\'s "x""}')
    raw.zadd(queue._connection.keys.dead, {f"{name}/0-0": 7, "no-slash": 8})
    assert queue.inspect.job(name).state is JobState.MALFORMED
    for letter in (*queue.inspect.dead(), queue.inspect.dead_letter(name, "0-0")):
        assert (letter.job_id, letter.item_id, letter.item.kind) == (name, "0-0", "malformed")


def test_a_job_id_that_is_not_utf_8_is_malformed(queue: SceneQueue, raw: Any) -> None:
    """Its hash cannot be asked for by what is shown of it; an expired job's id alone is no job."""
    raw.zadd(queue._connection.keys.jobs, {b"bad\xffid": 1, "expired": 2})
    assert [(job.job_id, job.state) for job in queue.inspect.jobs()] == [("bad\\xffid", JobState.MALFORMED)]


def test_counters_that_are_no_numbers_count_as_none_and_are_named(queue: SceneQueue, raw: Any) -> None:
    """The depth of the queue is what the dispatcher plans with."""
    submit(queue, "a", 2)
    raw.hset(queue._connection.keys.counts, "leased", "abc")
    depth = queue.inspect.depth()
    assert (depth.counts.ready, depth.counts.leased, depth.malformed) == (2, 0, ("leased",))


def test_a_container_hash_without_an_id_is_nobody_to_plan_with(queue: SceneQueue, raw: Any) -> None:
    """It counts as failed; of one with a field that cannot be read, the others are."""
    keys = queue._connection.keys
    raw.hset(keys.container("c1"), mapping={"slots": "4"})
    raw.hset(keys.container("c2"), mapping={"container_id": "c2", "state": "running", "beat_ms": "now", "done": "3"})
    raw.hset(keys.container("c3"), mapping={"container_id": "c3", "state": "running", "progress": "["})
    raw.zadd(keys.containers, {"c1": 3, "c2": 2, "c3": 1})
    first, second, third = queue.inspect.containers()
    assert (first.container_id, first.state, first.slots) == ("c1", "failed", 4)
    assert (second.state, second.done, second.note) == ("running", 3, "malformed in Redis: beat_ms")
    assert (third.state, third.note) == ("running", "malformed in Redis: progress")


def test_leases_elements_results_events_and_the_plan_are_read_one_by_one(queue: SceneQueue, raw: Any) -> None:
    """A broken one is shown, the next is whole."""
    keys = queue._connection.keys
    submit(queue, "a", 4)
    (lease, other) = queue.worker.lease("c1", 2)
    queue.worker.ack("c1", [done(lease)])
    raw.zadd(keys.leases, {"a/0-9": 5, "nothing": 6})
    raw.hset(keys.item("a", "0-9"), mapping={"token": "t"})
    raw.lset(keys.ready("a", "render/1"), 0, "garbage")
    raw.hset(keys.job("a", "results"), "0-3", "[")
    raw.xadd(keys.job("a", "events"), {"oops": "1"})
    raw.set(keys.plan, '["no plan"]')
    assert {item.item_id: item.name for item in queue.inspect.leased()} == {"0-9": "malformed", other.item_id: other.item.name}
    assert [item.kind for _, _, item in queue.inspect.peek()] == ["malformed", "render"]
    assert [result.state for result in queue.producer.results("a")] == ["done", "dead"]
    assert queue.producer.events("a")[-1].event == "malformed"
    assert (queue.inspect.plan() or {})["why"].text == "the plan in Redis is malformed; the dispatcher's next tick replaces it"


def test_a_result_of_every_stage_comes_in_order(queue: SceneQueue) -> None:
    """The scenes, then what was made of them; also from a place in the middle on."""
    submit(queue, "a", 2, 1)
    for _ in range(3):
        (lease,) = queue.worker.lease("c1", 1)
        result = ItemResult(item_id=lease.item_id, name=lease.item.name, state="done")
        queue.worker.ack("c1", [(lease, result)])
    assert [result.item_id for result in queue.producer.results("a")] == ["0-0", "0-1", "1-0"]
    assert [result.item_id for result in queue.producer.results("a", 0, 1)] == ["0-1", "1-0"]


def test_dead_letters_of_one_job_are_found_among_many(queue: SceneQueue) -> None:
    """Newest first; one by its id is one read."""
    for job in ("a", "b"):
        submit(queue, job, 3, max_attempts=1)
        for lease in queue.worker.lease("c1", 3):
            queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    assert queue.inspect.dead_ids("a") == ["0-2", "0-1", "0-0"]
    assert [letter.item_id for letter in queue.inspect.dead("a", 2)] == ["0-2", "0-1"]
    assert queue.inspect.dead_letter("a", "0-1").item.name == "scene1"
    with pytest.raises(JobNotFound, match="no dead letter '9-9' of job 'a'"):
        queue.inspect.dead_letter("a", "9-9")


_INDEXES = ("counts", "control", "plan", "jobs", "leases", "dead", "containers", "lane:urgent:render/1", "lane:normal:render/1")
_OF_A_JOB = ("", ":ready:render/1", ":results", ":dead", ":stage:1:render/1")


@pytest.mark.parametrize("name", [*_INDEXES, *(f"job:a{part}" for part in _OF_A_JOB), "item:a/0-0", "container:c1"])
def test_a_key_of_another_type_is_read_as_if_it_were_empty(queue: SceneQueue, raw: Any, name: str) -> None:
    """Before a dispatcher has put it right, too: whoever only looks goes on looking."""
    submit(queue, "a", 3, 1)
    _, other = queue.worker.lease("c1", 2)
    queue.worker.fail("c1", other, "BadInput", said("no"), transient=False)
    key, inspect = queue._connection.keys.of(name), queue.inspect
    raw.delete(key)
    raw.xadd(key, {"not": "ours"})
    assert inspect.stands_still_because(inspect.depth().counts) is None or name == "counts"
    listed = [inspect.jobs(), inspect.peek(), inspect.leased(), inspect.dead(), inspect.containers()]
    assert all(isinstance(each, list) for each in listed)
    assert inspect.backlog_age_s() >= 0
    assert inspect.plan() is None
    assert inspect.container("c1") is None
    assert not inspect.is_transient()
    expected = JobState.MALFORMED if name == "job:a" else JobState.ACTIVE
    assert {inspect.job("a").state, queue.producer.status("a").state} == {expected}
    assert list(queue.producer.results("a")) is not None
    assert queue.producer.names("a") is not None


def test_what_reads_nothing_of_a_foreign_key_says_so_in_a_line(queue: SceneQueue, raw: Any) -> None:
    """It is worth another attempt: dispatchers put such keys right."""
    raw.set(queue._connection.keys.bell("render/1"), "x")
    with pytest.raises(QueueUnavailable, match="another program has written to a key of this queue"):
        queue.worker.wait_for_work(0.01)
