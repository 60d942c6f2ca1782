"""More needs than one step repairs: nothing that is ready leaves the counts, whatever names a foreign writer adds."""

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec
from scenequeue.jobs.need import need_of
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import items, submit


def _submit_kinds(queue: SceneQueue, job_id: str, count: int) -> list[str]:
    """A job with one item of each of so many kinds; returns its needs."""
    kinds = [f"{job_id}{number}" for number in range(count)]
    scenes = [item.model_copy(update={"kind": kind}) for item, kind in zip(items(count), kinds, strict=True)]
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), [scenes])
    return [need_of(kind) for kind in kinds]


def test_more_needs_than_one_step_repairs_stay_counted(any_queue: SceneQueue) -> None:
    """In the totals, in what waits, and for those who lease."""
    needs = _submit_kinds(any_queue, "a", 40) + _submit_kinds(any_queue, "b", 40)
    for _ in range(3):
        any_queue.dispatcher.reclaim()
        assert any_queue.inspect.depth().counts.ready == 80
        assert {(each.need, each.ready, each.weight) for each in any_queue.inspect.waiting()} == {
            (need, 1, 1.0) for need in needs
        }
    assert len(any_queue.worker.lease("c1", 80, serves=needs)) == 80
    any_queue.dispatcher.reclaim()
    assert (any_queue.inspect.depth().counts.ready, any_queue.inspect.waiting()) == (0, [])


def test_counters_of_more_needs_than_one_step_repairs_are_all_put_right(any_queue: SceneQueue) -> None:
    """The needs take turns."""
    needs = _submit_kinds(any_queue, "a", 40) + _submit_kinds(any_queue, "b", 40)
    connection = any_queue._connection
    connection.client.hset(connection.keys.counts, mapping={f"ready:normal:{need}": 1000 for need in needs})
    for _ in range(2):
        any_queue.dispatcher.reclaim()
    assert any_queue.inspect.depth().counts.ready == 80
    assert {each.ready for each in any_queue.inspect.waiting()} == {1}


@pytest.mark.parametrize("place", ["needs", "counts"])
def test_needs_of_which_nothing_is_ready_take_no_place(any_queue: SceneQueue, place: str) -> None:
    """A foreign writer's names: the backlog stays whole, and so many of them leave."""
    submit(any_queue, "a", 3)
    connection = any_queue._connection
    junk = [f"junk{number}/1" for number in range(200)]
    if place == "needs":
        connection.client.sadd(connection.keys.needs, *junk)
    else:
        connection.client.hset(connection.keys.counts, mapping={f"ready:urgent:{need}": 7 for need in junk})
    any_queue.dispatcher.reclaim()
    assert any_queue.inspect.depth().counts.ready == 3
    assert [(each.need, each.ready) for each in any_queue.inspect.waiting()] == [("render/1", 3)]
    assert connection.client.scard(connection.keys.needs) <= 64
    assert connection.client.hlen(connection.keys.counts) < 500


def test_rings_of_foreign_jobs_take_no_place(any_queue: SceneQueue) -> None:
    """Their members are removed, need by need, and then the needs."""
    submit(any_queue, "a", 3)
    connection = any_queue._connection
    junk = [f"junk{number}/1" for number in range(150)]
    connection.client.sadd(connection.keys.needs, *junk)
    for need in junk:
        connection.client.zadd(connection.keys.lane("urgent", need), {"nobody": 1, "no job": 2, "a": 3})
    for _ in range(4):
        any_queue.dispatcher.reclaim()
    assert any_queue.inspect.depth().counts.ready == 3
    assert [(each.need, each.ready) for each in any_queue.inspect.waiting()] == [("render/1", 3)]
    assert not connection.client.exists(*(connection.keys.lane("urgent", need) for need in junk))
    assert connection.client.scard(connection.keys.needs) <= 64
