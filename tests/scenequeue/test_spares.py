"""A second lease of an item that takes too long: one of its two holders ends it, and nothing is counted twice.

`test_promises.py` has all orders in which the two leases can end.
"""

from collections.abc import Callable
from itertools import count

import pytest

from scenequeue.errors import LeaseLost
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, Lease, WorkItem
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.queue import SceneQueue
from scenequeue.structure.lease_steps import SpareRule
from tests.scenequeue.jobs import done, end_leases, submit
from tests.support.reasons import said

#: Takes any item, as if it had taken too long.
_ANY = SpareRule(left_share=1, times=0, least_s=0, look_s=0)
_SERVES = ["render/1"]
_jobs = count()


def _spares(queue: SceneQueue, container: str = "c2", **rule: float) -> list[Lease]:
    return queue.worker.lease_spares(container, 9, serves=_SERVES, rule=_ANY._replace(**rule))


def _begin_last(queue: SceneQueue, *weights: float) -> Lease:
    """A lease of c1 on which work has begun, of the lightest of these items; the others are done."""
    job = f"spare{next(_jobs)}"
    items = [WorkItem(name=f"scene{n}", weight=weight) for n, weight in enumerate(weights)]
    queue.producer.submit(JobSpec(job_id=check_job_id(job)), [items, [WorkItem(name="next")]])
    leases = queue.worker.lease("c1", len(weights), begins_now=False)
    last = min(leases, key=lambda lease: lease.item.weight)
    queue.worker.begin("c1", last)
    queue.worker.ack("c1", [done(lease) for lease in leases if lease is not last])
    return last


def _two_holders(queue: SceneQueue) -> tuple[Lease, Lease]:
    """A lease of c1, and the spare lease of c2; another item of the stage is done."""
    first = _begin_last(queue, 1, 2)
    (spare,) = _spares(queue)
    assert (spare.job_id, spare.item_id, spare.attempt, spare.item) == (first.job_id, first.item_id, 1, first.item)
    assert spare.token != first.token
    return first, spare


def _events(queue: SceneQueue, job_id: str) -> list[tuple[str, str]]:
    return [
        (event.event, event.fields["container"]) for event in queue.producer.all_events(job_id) if "container" in event.fields
    ]


@pytest.mark.parametrize("is_spare_first", [True, False])
def test_the_first_result_counts_and_the_other_lease_is_lost(any_queue: SceneQueue, is_spare_first: bool) -> None:
    """The stage is done; whatever the other holder does then changes nothing."""
    queue = any_queue
    pairs = [*zip(("c1", "c2"), _two_holders(queue), strict=True)]
    (who, winner), (whom, loser) = reversed(pairs) if is_spare_first else pairs
    assert queue.worker.ack(who, [done(winner)]) == []
    status = queue.producer.status(winner.job_id)
    assert (status.stage, status.counts.done, status.counts.ready) == (1, 2, 1)
    assert _events(queue, winner.job_id)[-3:] == [("spare", "c2"), ("yielded", whom), ("done", who)]
    assert queue.worker.extend(whom, [loser]) == queue.worker.release(whom, [loser]) == [loser]
    with pytest.raises(LeaseLost):
        queue.worker.fail(whom, loser, "BadInput", said("an input is gone"), transient=False)
    assert queue.producer.status(winner.job_id).counts == status.counts


def test_a_result_that_comes_second_is_refused(any_queue: SceneQueue) -> None:
    """As it names its container, it is no repetition of the first."""
    first, spare = _two_holders(any_queue)
    results = [(lease, done(lease)[1].model_copy(update={"container": who})) for who, lease in (("c1", first), ("c2", spare))]
    assert any_queue.worker.ack("c2", [results[1]]) == []
    assert any_queue.worker.ack("c1", [results[0]]) == [first]
    assert next(any_queue.producer.results(first.job_id)) is not None
    assert {result.container for result in any_queue.producer.results(first.job_id)} == {None, "c2"}


def _fails(queue: SceneQueue, container: str, lease: Lease) -> None:
    state = queue.worker.fail(container, lease, "BadInput", said("no"), transient=False)
    assert state is ItemState.LEASED


def _releases(queue: SceneQueue, container: str, lease: Lease) -> None:
    assert queue.worker.release(container, [lease], said("no such setting")) == []


def _is_forfeited(queue: SceneQueue, container: str, lease: Lease) -> None:
    queue.dispatcher.forfeit(container, said("lost"))


@pytest.mark.parametrize("ends", [_fails, _releases, _is_forfeited])
@pytest.mark.parametrize("is_spare_first", [True, False])
def test_a_lease_that_ends_without_a_result_leaves_the_item_to_the_other_holder(
    queue: SceneQueue, is_spare_first: bool, ends: Callable[[SceneQueue, str, Lease], None]
) -> None:
    """No attempt is counted, and the attempt gets no further spare lease."""
    pairs = [*zip(("c1", "c2"), _two_holders(queue), strict=True)]
    (who, leaving), (whom, staying) = reversed(pairs) if is_spare_first else pairs
    ends(queue, who, leaving)
    assert queue.producer.status(leaving.job_id).counts.leased == 1
    (shown,) = queue.inspect.leased()
    assert (shown.container_id, shown.spare_container_id, shown.attempt) == (whom, None, 1)
    assert _spares(queue, "c3") == []
    assert queue.worker.extend(who, [leaving]) == [leaving]
    assert queue.worker.extend(whom, [staying]) == []
    assert queue.worker.fail(whom, staying, "ToolFailed", said("x"), transient=True, retry_in_s=0) is ItemState.DELAYED
    (again,) = queue.worker.lease("c3", 1)
    assert again.attempt == 2


def test_a_lease_that_expires_leaves_the_item_to_a_spare_lease_that_is_extended(queue: SceneQueue) -> None:
    """If both expire, the item is ready again, and one attempt is counted."""
    first, spare = _two_holders(queue)
    queue.worker.begin("c2", spare)
    assert end_leases(queue) == 1
    assert queue.dispatcher.reclaim() == 0
    assert queue.worker.extend("c1", [first]) == [first]
    assert queue.worker.extend("c2", [spare]) == []
    assert end_leases(queue) == 1
    (again,) = queue.worker.lease("c3", 1)
    assert (again.item_id, again.attempt) == (first.item_id, 2)


def test_both_holders_of_a_cancelled_jobs_item_lose_their_leases(queue: SceneQueue) -> None:
    """The first that is heard drops it, once."""
    first, spare = _two_holders(queue)
    queue.producer.cancel(first.job_id)
    assert queue.worker.extend("c2", [spare]) == [spare]
    client, keys = queue._connection.client, queue._connection.keys
    assert client.exists(keys.held("c1"), keys.held("c2")) == 0
    assert queue.worker.extend("c1", [first]) == [first]
    counts = queue.producer.status(first.job_id).counts
    assert (counts.leased, counts.dropped, counts.done) == (0, 2, 1)


def test_an_item_with_two_holders_is_shown_once_with_both(queue: SceneQueue) -> None:
    """And counted once."""
    first, _ = _two_holders(queue)
    (shown,) = queue.inspect.leased()
    assert (shown.item_id, shown.container_id, shown.spare_container_id) == (first.item_id, "c1", "c2")
    assert queue.inspect.depth().counts.leased == 1
    assert queue.inspect.waiting() == []


def test_what_either_holder_brings_is_kept_apart(queue: SceneQueue) -> None:
    """Only what the accepted result names becomes part of the next stage."""
    job = check_job_id("grows")
    queue.producer.submit(JobSpec(job_id=job), [[WorkItem(name="a"), WorkItem(name="b")], None])
    other, first = queue.worker.lease("c1", 2, begins_now=False)
    queue.worker.ack("c1", [done(other)])
    queue.worker.begin("c1", first)
    (spare,) = _spares(queue)
    queue.worker.grow("c1", first, [WorkItem(name="x")])
    brought = queue.worker.grow("c2", spare, [WorkItem(name="x"), WorkItem(name="y")])
    queue.worker.ack("c2", [done(spare)], {spare.token: brought})
    assert queue.producer.status(job).counts.ready == 2


@pytest.mark.parametrize(
    ("rule", "weights", "is_given"),
    [
        ({}, (1, 2), True),
        ({"left_share": 0.05}, (1, 19), True),
        ({"left_share": 0.05}, (1, 18), False),
        ({"least_s": 60}, (1, 2), False),
        ({"times": 1000}, (1, 2), False),
    ],
    ids=["late", "5 % left", "more left", "just begun", "as expected"],
)
def test_an_item_gets_a_spare_lease_when_little_is_left_and_it_takes_too_long(
    queue: SceneQueue, rule: dict[str, float], weights: tuple[float, ...], is_given: bool
) -> None:
    """By the weight of its stage, and by the rate of its need."""
    _begin_last(queue, *weights)
    assert bool(_spares(queue, **rule)) is is_given


def test_no_spare_lease_is_given_without_a_rate(queue: SceneQueue) -> None:
    """Nobody knows whether the item takes too long."""
    submit(queue, "a", 2)
    for lease in queue.worker.lease("c1", 2, begins_now=False):
        queue.worker.begin("c1", lease)
    assert _spares(queue) == []


def test_no_spare_lease_is_given_to_whom_no_lease_is_given(queue: SceneQueue) -> None:
    """To its holder, to who cannot do it, to who is to drain, while the queue, the lane or the job is paused, or retries wait."""
    first = _begin_last(queue, 1, 2)
    assert _spares(queue, "c1") == []
    assert queue.worker.lease_spares("c2", 1, serves=["stitch/1"], rule=_ANY) == []
    queue.dispatcher.drain("c3")
    assert _spares(queue, "c3") == []
    for about in ({}, {"lane": Lane.NORMAL}, {"job": first.job_id}):
        queue.operator.pause(**about)
        assert _spares(queue) == []
        queue.operator.resume(**about)
    assert [lease.item_id for lease in _spares(queue)] == [first.item_id]


def test_after_a_look_at_the_leases_nobody_looks_for_a_while(queue: SceneQueue) -> None:
    """However many containers ask."""
    assert _spares(queue, look_s=60) == []
    _begin_last(queue, 1, 2)
    assert _spares(queue, look_s=60) == []
    assert len(_spares(queue)) == 1
