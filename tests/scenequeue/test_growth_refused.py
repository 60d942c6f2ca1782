"""Items that cannot be brought are refused with a reason, and leave nothing; those that Redis has lost can be staged again."""

from collections.abc import Iterable
from typing import Any

import pytest

from scenequeue.errors import BadInput, GrowthRefused
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.ports.growth import MAX_ITEM_CHARACTERS
from scenequeue.ports.job_writer import MAX_NEEDS
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items


def _leased(queue: SceneQueue) -> Lease:
    """The only item of a job whose second stage is deferred."""
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [items(1), None])
    return queue.worker.lease("c1", 1)[0]


def _bring(queue: SceneQueue, lease: Lease, brought: Iterable[WorkItem]) -> None:
    assert queue.worker.ack("c1", [done(lease)], {lease.token: queue.worker.grow("c1", lease, brought)}) == []


def _changed(**fields: Any) -> WorkItem:
    """An item whose checks were bypassed."""
    return items(1)[0].model_copy(update=fields)


@pytest.mark.parametrize(
    "bad",
    [
        _changed(kind="foo bar"), _changed(kind=""), _changed(kind="x" * 41), _changed(kind=7), _changed(kind=None),
        _changed(v=-1), _changed(v=10**30), _changed(v="one"), _changed(name=""), _changed(name="a/b"), _changed(name=None),
        _changed(weight=float("nan")), _changed(weight=-1.0), _changed(weight=1e300), _changed(weight="heavy"),
        _changed(payload=None), _changed(payload={"a": object()}), _changed(payload={"a": "\ud800"}),
        _changed(payload={"a": "x" * MAX_ITEM_CHARACTERS}), WorkItem.model_construct(), None, "an item", {"kind": "render"},
    ],
    ids=lambda bad: repr(bad)[:60],
)  # fmt: skip
def test_an_item_that_cannot_be_brought_is_refused_for_good(queue: SceneQueue, bad: Any) -> None:
    """With its number; the lease stays, and nothing of it is visible."""
    lease = _leased(queue)
    with pytest.raises(BadInput, match="a/0-0 brings items, of which number 1 ") as refused:
        queue.worker.grow("c1", lease, [items(1)[0], bad])
    assert not refused.value.transient
    assert queue.worker.extend("c1", [lease]) == []
    assert queue.producer.status("a").counts.total == 1


@pytest.mark.parametrize("fields", [{"kind": "foo bar"}, {"kind": ""}, {"kind": "x" * 41}, {"v": 10**7}, {"v": -1}])
def test_an_item_of_an_unusable_kind_cannot_be_made(fields: dict[str, Any]) -> None:
    """So nobody can submit one."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        WorkItem(name="one", **fields)


def test_an_item_brings_items_of_as_many_kinds_as_the_steps_look_at(queue: SceneQueue) -> None:
    """With one more, the ack would be refused for ever."""
    lease = _leased(queue)
    brought = [_changed(kind=f"kind{number}") for number in range(MAX_NEEDS + 1)]
    with pytest.raises(BadInput, match="more than 64 kinds"):
        queue.worker.grow("c1", lease, brought)


def test_an_item_that_is_brought_is_made_json_once(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue gets exactly the text that was checked."""
    made = []
    dumped = WorkItem.model_dump_json

    def counted(item: WorkItem, **options: Any) -> str:
        made.append(dumped(item, **options))
        return made[-1]

    lease = _leased(queue)
    monkeypatch.setattr(WorkItem, "model_dump_json", counted)
    _bring(queue, lease, items(3, weight=2.5))
    assert len(made) == 3
    assert [each.item for each in queue.worker.lease("c1", 3)] == items(3, weight=2.5)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_job_grows_to_as_many_kinds_as_the_steps_look_at(queue: SceneQueue, at_once: bool) -> None:
    """Whichever item brings the last ones, and also where two acks of one call do; all that has joined is cancelled."""
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [items(2), None])
    first, second = queue.worker.lease("c1", 2)
    # With the kind of the job's first stage these are 64.
    kinds = [_changed(kind=f"kind{number}") for number in range(MAX_NEEDS - 1)]
    brought = {first.token: queue.worker.grow("c1", first, kinds)}
    if at_once:
        brought[second.token] = queue.worker.grow("c1", second, [_changed(kind="more")])
        with pytest.raises(GrowthRefused, match="a/0-1"):
            queue.worker.ack("c1", [done(first), done(second)], brought)
    else:
        queue.worker.ack("c1", [done(first)], brought)
    with pytest.raises(BadInput, match="more than 64 kinds"):
        queue.worker.grow("c1", second, [_changed(kind="more")])
    if not at_once:
        assert queue.worker.grow("c1", second, kinds[:1]) == 1
    assert queue.producer.cancel("a").counts.waiting == 0


def test_a_stage_with_an_unusable_need_leaves_no_list(queue: SceneQueue) -> None:
    """Another program has staged it; the ack is refused, and what it has put into the job's hash goes with the stage."""
    lease = _leased(queue)
    client, keys = queue._connection.client, queue._connection.keys
    client.rpush(keys.of(f"growth:{lease.token}:foo bar/1"), "1-0.0 1 {}")
    client.hset(keys.of(f"growth:{lease.token}"), "foo bar/1", "1 1")
    for key in (f"growth:{lease.token}:foo bar/1", f"growth:{lease.token}"):
        client.expire(keys.of(key), 60)
    with pytest.raises(GrowthRefused):
        queue.worker.ack("c1", [done(lease)], {lease.token: 1})
    client.hset(keys.job("a"), "stage:1", "foo+/bar/1 1 1")
    client.rpush(keys.job("a", "stage:1:foo+/bar/1"), "1-0.0 1 {}")
    queue.worker.ack("c1", [done(lease)])
    assert queue.producer.status("a").state is JobState.DONE
    assert not client.exists(keys.job("a", "stage:1:foo+/bar/1"))


@pytest.mark.parametrize("lost", ["", ":render/1"])
def test_growth_that_redis_has_lost_is_staged_again(any_queue: SceneQueue, lost: str) -> None:
    """Its totals or its list were evicted, or are missing after a failover."""
    lease = _leased(any_queue)
    count = any_queue.worker.grow("c1", lease, items(700))
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.delete(keys.of(f"growth:{lease.token}{lost}"))
    with pytest.raises(GrowthRefused):
        any_queue.worker.ack("c1", [done(lease)], {lease.token: count})
    _bring(any_queue, lease, items(700))
    assert any_queue.producer.status("a").counts.ready == 700
    assert not client.exists(keys.of(f"growth:{lease.token}:render/1"))


def test_growth_that_is_lost_between_two_steps_is_refused_at_once(queue: SceneQueue) -> None:
    """Staged from the beginning, it is taken."""
    lease = _leased(queue)
    client, keys = queue._connection.client, queue._connection.keys

    def losing() -> Iterable[WorkItem]:
        for number, item in enumerate(items(1200)):
            if number == 700:
                client.delete(keys.of(f"growth:{lease.token}"))
            yield item

    with pytest.raises(GrowthRefused):
        queue.worker.grow("c1", lease, losing())
    _bring(queue, lease, items(1200))
    assert queue.producer.status("a").counts.ready == 1200
