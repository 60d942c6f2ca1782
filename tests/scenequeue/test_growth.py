"""Stages that grow: an item brings the items of the next stage with its ack, whole or not at all."""

from collections.abc import Iterable

import pytest

from scenequeue.errors import BadInput, GrowthRefused, JobConflict, LeaseLost
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items
from tests.support.reasons import said

NEWER = "render/2"


def _submit(queue: SceneQueue, job_id: str, *counts: int | None) -> None:
    """A job with one stage per count; None is a deferred one."""
    stages = [None if count is None else items(count) for count in counts]
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id)), stages)


def _bring(queue: SceneQueue, container: str, lease: Lease, brought: Iterable[WorkItem]) -> list[Lease]:
    count = queue.worker.grow(container, lease, brought)
    return queue.worker.ack(container, [done(lease)], {lease.token: count})


def _newer(count: int) -> list[WorkItem]:
    return [item.model_copy(update={"v": 2}) for item in items(count)]


def test_what_an_item_brings_is_the_next_stage_once_all_of_its_own_is_done(any_queue: SceneQueue) -> None:
    """Named after who brought it, counted, and in the results in the order of who brought it."""
    _submit(any_queue, "a", 2, None)
    one, two = any_queue.worker.lease("c1", 2)
    assert _bring(any_queue, "c1", two, items(3)) == []
    assert any_queue.worker.lease("c1", 5) == []
    counts = any_queue.producer.status("a").counts
    assert (counts.waiting, counts.total) == (3, 5)
    assert _bring(any_queue, "c1", one, items(2, "late")) == []
    leases = any_queue.worker.lease("c1", 9)
    assert {lease.item_id for lease in leases} == {"1-0.0", "1-0.1", "1-1.0", "1-1.1", "1-1.2"}
    assert any_queue.worker.ack("c1", [done(lease) for lease in leases]) == []
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done) == (JobState.DONE, 7)
    ids = [result.item_id for result in any_queue.producer.results("a")]
    assert ids == ["0-0", "0-1", "1-0.0", "1-0.1", "1-1.0", "1-1.1", "1-1.2"]
    assert [*any_queue.producer.names("a")] == ids


def test_a_deferred_stage_that_nobody_brings_items_for_passes_at_once(any_queue: SceneQueue) -> None:
    """So does one in the middle; the stage behind it opens in the same step."""
    _submit(any_queue, "a", 1, None, 1, None)
    for _ in range(2):
        (lease,) = any_queue.worker.lease("c1", 5)
        assert any_queue.worker.ack("c1", [done(lease)]) == []
    assert any_queue.producer.status("a").state is JobState.DONE


def test_what_was_brought_may_bring_again(any_queue: SceneQueue) -> None:
    """Each for the stage after its own."""
    _submit(any_queue, "a", 1, None, None)
    (first,) = any_queue.worker.lease("c1", 1)
    _bring(any_queue, "c1", first, items(2))
    one, two = any_queue.worker.lease("c1", 2)
    _bring(any_queue, "c1", one, items(1))
    _bring(any_queue, "c1", two, items(1))
    leases = any_queue.worker.lease("c1", 5)
    assert {lease.item_id for lease in leases} == {"2-0.0.0", "2-0.1.0"}
    any_queue.worker.ack("c1", [done(lease) for lease in leases])
    assert any_queue.producer.status("a").state is JobState.DONE
    assert len(list(any_queue.producer.results("a"))) == 5


def test_what_is_brought_goes_to_who_serves_it(any_queue: SceneQueue) -> None:
    """A stage may hold items of several needs."""
    _submit(any_queue, "a", 1, None)
    (first,) = any_queue.worker.lease("c1", 1)
    _bring(any_queue, "c1", first, [*items(2), *_newer(3)])
    assert len(any_queue.worker.lease("c1", 9)) == 2
    assert {(each.need, each.ready) for each in any_queue.inspect.waiting()} == {(NEWER, 3)}
    assert len(any_queue.worker.lease("c2", 9, serves=[NEWER])) == 3


def test_several_large_lists_are_leased_one_after_the_other(any_queue: SceneQueue) -> None:
    """None of them is copied; what is ready is known at any moment."""
    _submit(any_queue, "a", 3, None)
    for lease in any_queue.worker.lease("c1", 3):
        _bring(any_queue, "c1", lease, items(1200))
    assert any_queue.inspect.depth().counts.ready == 3600
    assert len(any_queue.producer.names("a")) == 3603
    any_queue.dispatcher.reclaim()
    taken = set()
    while leases := any_queue.worker.lease("c1", 500):
        taken |= {lease.item_id for lease in leases}
        any_queue.worker.ack("c1", [done(lease) for lease in leases])
        any_queue.dispatcher.reclaim()
    assert taken == {f"1-{bringer}.{number}" for bringer in range(3) for number in range(1200)}
    assert any_queue.producer.status("a").state is JobState.DONE
    assert any_queue.inspect.depth().ready_weight == 0


def test_a_job_with_several_large_lists_is_cancelled_whole(any_queue: SceneQueue) -> None:
    """No list is left behind."""
    _submit(any_queue, "a", 2, None, None)
    for lease in any_queue.worker.lease("c1", 2):
        _bring(any_queue, "c1", lease, items(1100))
    any_queue.producer.cancel("a")
    depth = any_queue.inspect.depth()
    assert (depth.counts.ready, depth.counts.dropped, depth.ready_weight) == (0, 2200, 0)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert not [key for key in client.keys(keys.structure.replace("{", "\\{") + "*") if client.type(key) == "list"]


def test_an_ack_that_is_told_twice_brings_once(any_queue: SceneQueue) -> None:
    """Its answer may have been lost; so may that of a staging step."""
    _submit(any_queue, "a", 1, None)
    (lease,) = any_queue.worker.lease("c1", 1)
    assert any_queue.worker.grow("c1", lease, items(700)) == 700
    assert any_queue.worker.grow("c1", lease, items(700)) == 700
    for _ in range(2):
        assert any_queue.worker.ack("c1", [done(lease)], {lease.token: 700}) == []
    assert any_queue.producer.status("a").counts.ready == 700


def test_a_list_that_is_not_whole_refuses_the_ack_and_the_lease_stays(any_queue: SceneQueue) -> None:
    """Nothing is written; staged again, it is taken. Neighbours in the same ack are."""
    _submit(any_queue, "a", 2, None)
    one, two = any_queue.worker.lease("c1", 2)
    count = any_queue.worker.grow("c1", one, items(3))
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.delete(keys.of(f"growth:{one.token}"))
    with pytest.raises(GrowthRefused, match="a/0-0"):
        any_queue.worker.ack("c1", [done(one), done(two)], {one.token: count})
    counts = any_queue.producer.status("a").counts
    assert (counts.leased, counts.done, counts.waiting) == (1, 1, 0)
    assert any_queue.worker.extend("c1", [one]) == []
    client.delete(keys.of(f"growth:{one.token}:render/1"))
    assert _bring(any_queue, "c1", one, items(3)) == []
    assert any_queue.producer.status("a").counts.ready == 3


def test_only_the_holder_of_the_lease_brings_and_only_where_a_stage_waits_for_it(any_queue: SceneQueue) -> None:
    """A late container, and an item of a job that has no deferred stage, are told so."""
    _submit(any_queue, "a", 1, 1)
    _submit(any_queue, "b", 1, None)
    plain, lost = any_queue.worker.lease("c1", 2, lease_s=0)
    with pytest.raises(BadInput, match="no deferred stage"):
        any_queue.worker.grow("c1", plain, items(1))
    any_queue.worker.grow("c1", lost, items(2))
    any_queue.dispatcher.reclaim()
    with pytest.raises(LeaseLost):
        any_queue.worker.grow("c1", lost, items(2))
    assert any_queue.worker.ack("c1", [done(lost)], {lost.token: 2}) == [lost]
    assert any_queue.producer.status("b").counts.total == 1


def test_a_dead_item_holds_a_deferred_stage_back(any_queue: SceneQueue) -> None:
    """It may have had something to bring; requeued and done, it opens the stage."""
    _submit(any_queue, "a", 2, None)
    one, two = any_queue.worker.lease("c1", 2)
    _bring(any_queue, "c1", one, items(2))
    any_queue.worker.fail("c1", two, "BadInput", said("no"), transient=False)
    assert any_queue.producer.status("a").state is JobState.FAILED
    any_queue.operator.requeue("a", two.item_id)
    (again,) = any_queue.worker.lease("c1", 5)
    _bring(any_queue, "c1", again, items(1))
    assert any_queue.producer.status("a").counts.ready == 3


def test_where_a_stage_is_deferred_is_part_of_the_content(any_queue: SceneQueue) -> None:
    """The same job again is the same; with another plan of stages it is a conflict. The first stage cannot be deferred."""
    _submit(any_queue, "a", 1, None)
    _submit(any_queue, "a", 1, None)
    with pytest.raises(JobConflict):
        _submit(any_queue, "a", 1)
    with pytest.raises(ValueError, match="cannot be deferred"):
        _submit(any_queue, "b", None, 1)


def test_what_was_staged_without_an_ack_expires(any_queue: SceneQueue) -> None:
    """Nothing of it is visible meanwhile."""
    _submit(any_queue, "a", 1, None)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.grow("c1", lease, [*items(2), *_newer(1)])
    client, keys = any_queue._connection.client, any_queue._connection.keys
    staged = client.keys(keys.of("growth:").replace("{", "\\{") + "*")
    assert len(staged) == 3
    assert all(0 < client.ttl(key) <= 3600 for key in staged)
    assert any_queue.producer.status("a").counts.total == 1


def test_an_ack_that_brings_many_items_takes_no_more_commands_than_one_that_brings_a_few(queue: SceneQueue) -> None:
    """Lists change their names; no item is touched."""
    client = queue._connection.client

    def commands(job_id: str, count: int) -> int:
        _submit(queue, job_id, 1, None)
        (lease,) = queue.worker.lease("c1", 1)
        queue.worker.grow("c1", lease, items(count))
        client.config_resetstat()
        queue.worker.ack("c1", [done(lease)], {lease.token: count})
        calls = sum(entry["calls"] for entry in client.info("commandstats").values())
        queue.producer.cancel(job_id)
        return int(calls)

    assert commands("a", 1) > 0
    assert commands("b", 20_000) == commands("c", 10)
