"""Jobs are found by state, lane, label and name, through indexes that every step keeps."""

import pytest

from scenequeue.jobs.job import JobState, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import RESULT_TTL_S, done, end_results, submit
from tests.support.reasons import said


@pytest.fixture
def shop(any_queue: SceneQueue) -> SceneQueue:
    """A queue that indexes the label `shop`."""
    any_queue._connection.indexed_labels = frozenset({"shop"})
    return any_queue


def _found(queue: SceneQueue, limit: int = 50, **wanted: object) -> list[str]:
    return [job.job_id for job in queue.inspect.find_jobs(JobFilter.model_validate(wanted), limit).jobs]


def _members(queue: SceneQueue) -> dict[str, set[str]]:
    client, keys = queue._connection.client, queue._connection.keys
    return {key.removeprefix(keys.of("")): set(client.zrange(key, 0, -1)) for key in client.keys(f"{keys.of('jobs')}*")}


def test_every_change_of_state_is_in_the_indexes(shop: SceneQueue) -> None:
    """Submitted, done, failed, requeued, cancelled."""
    for name in ("a", "b", "c"):
        submit(shop, name, 1, max_attempts=1, labels={"shop": name})
    assert sorted(_found(shop, state=JobState.ACTIVE)) == ["a", "b", "c"]
    (first, second) = shop.worker.lease("w", 2, serves=["render/1"])
    shop.worker.ack("w", [done(first)])
    shop.worker.fail("w", second, "ToolFailed", said("x"), transient=False, retry_in_s=0)
    shop.producer.cancel("c")
    assert _found(shop, state=JobState.DONE) == [first.job_id]
    assert _found(shop, state=JobState.FAILED) == [second.job_id]
    assert _found(shop, state=JobState.CANCELLED) == ["c"]
    assert _found(shop, state=JobState.ACTIVE) == []
    shop.operator.requeue(second.job_id, second.item_id)
    assert _found(shop, state=JobState.ACTIVE) == [second.job_id]
    assert _found(shop, state=JobState.FAILED) == []
    assert _found(shop, labels={"shop": "c"}) == ["c"]
    assert _found(shop, labels={"shop": "c"}, state=JobState.DONE) == []


def test_two_filters_are_looked_for_at_once(shop: SceneQueue) -> None:
    """The newest first, and no more than asked for."""
    for number in range(30):
        lane = (Lane.URGENT, Lane.NORMAL, Lane.BULK)[number % 3]
        submit(shop, f"job-{number:02}", 1, lane=lane, labels={"shop": "north" if number % 2 else "south", "number": str(number)})
        # Jobs of one millisecond come in the order of their ids, which is the same here.
    found = shop.inspect.find_jobs(JobFilter(lane=Lane.BULK, labels={"shop": "north"}), 3)
    assert [job.job_id for job in found.jobs] == ["job-29", "job-23", "job-17"]
    assert not found.is_complete
    assert shop.inspect.find_jobs(JobFilter(lane=Lane.BULK, labels={"shop": "north"}), 5).is_complete
    assert _found(shop, name="job-1", lane=Lane.URGENT) == ["job-18", "job-15", "job-12"]
    assert _found(shop, labels={"number": "7"}) == ["job-07"], "a label without an index is searched for"


def test_an_expired_job_leaves_every_index(shop: SceneQueue) -> None:
    """At the next look of the dispatcher, although its hash is gone."""
    shop._connection._limits = (100, RESULT_TTL_S)
    submit(shop, "a", 1, labels={"shop": "north"})
    submit(shop, "b", 2, 1, labels={"shop": "north"})
    leases = shop.worker.lease("w", 3, serves=["render/1"])
    for lease in leases:
        if lease.job_id == "a":
            shop.worker.ack("w", [done(lease)])
        else:
            shop.worker.fail("w", lease, "ToolFailed", said("x"), transient=False, retry_in_s=0)
    submit(shop, "c", 1)
    end_results(shop)
    assert [job.job_id for job in shop.inspect.jobs()] == ["c"]
    shop.dispatcher.reclaim()
    assert {index: ids for index, ids in _members(shop).items() if ids} == {
        "jobs": {"c"}, "jobs:state:active": {"c"}, "jobs:lane:normal": {"c"}, "jobs:names": {"c"},
    }  # fmt: skip


def test_a_filter_believes_the_job_rather_than_an_index(shop: SceneQueue) -> None:
    """A foreign writer may have put anything there."""
    submit(shop, "a", 1)
    keys = shop._connection.keys
    shop._connection.client.zadd(keys.of("jobs:state:done"), {"a": 1, "nobody": 2})
    assert _found(shop, state=JobState.DONE) == []


def test_a_lost_index_comes_back(shop: SceneQueue) -> None:
    """By the audit that every reclaim makes of some jobs."""
    submit(shop, "a", 1, labels={"shop": "north"})
    before = _members(shop)
    client = shop._connection.client
    client.delete(*client.keys(f"{shop._connection.keys.of('jobs:')}*"))
    assert _found(shop, state=JobState.ACTIVE) == []
    shop.dispatcher.reclaim()
    assert _members(shop) == before


def test_the_setting_names_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a JSON list."""
    monkeypatch.setenv("SCENEBURST_INDEXED_LABELS", '["shop"]')
    assert SceneburstSettings.load().indexed_labels == ["shop"]
