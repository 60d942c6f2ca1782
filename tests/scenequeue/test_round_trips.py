"""Calls that take one round trip, and batches that are right for each of their members."""

import multiprocessing
import os
import signal
from typing import Any

import pytest
import redis

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


def _counted(queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The commands that a queue sends from now on, each a round trip; none may go another way."""
    steps, sent = queue._connection._steps, []
    send = steps.command

    def command(*words: str | float) -> Any:
        sent.append(words)
        return send(*words)

    def other(*words: Any, **_: Any) -> Any:
        raise AssertionError(words)

    monkeypatch.setattr(steps, "command", command)
    monkeypatch.setattr(queue._connection.client, "execute_command", other)
    return sent


@pytest.mark.parametrize("counts", [(1,), (500,), (400, 100), (1, 1, 1)])
def test_a_small_job_is_submitted_in_one_round_trip(
    any_queue: SceneQueue, monkeypatch: pytest.MonkeyPatch, counts: tuple[int, ...]
) -> None:
    """All its stages together; what is returned is what the queue says of it."""
    submit(any_queue, "before", 1)
    with monkeypatch.context() as patch:
        sent = _counted(any_queue, patch)
        status = submit(any_queue, "a", *counts, labels={"of": "a test"}, callback_url="https://example.test/")
    assert len(sent) == 1
    assert status == any_queue.producer.status("a")
    assert submit(any_queue, "a", *counts, labels={"of": "a test"}, callback_url="https://example.test/") == status
    assert any_queue.inspect.depth().counts.total == sum(counts) + 1


def test_a_hand_over_and_what_follows_it_are_one_round_trip(any_queue: SceneQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the first one on a server that has never seen the script."""
    submit(any_queue, "a", 3)
    (lease,) = any_queue.worker.lease("c1", 1)
    any_queue.worker.exchange("c1", [], 0)
    sent = _counted(any_queue, monkeypatch)
    _, (following,) = any_queue.worker.exchange("c1", [done(lease)], 1)
    assert (following.item_id, len(sent)) == ("0-1", 1)


def test_the_stages_of_a_large_job_keep_their_order(any_queue: SceneQueue) -> None:
    """Part of a stage goes up before the step that makes the job visible, the rest along with it."""
    seen: list[int] = []
    spec = JobSpec(job_id=check_job_id("a"))
    status = any_queue.producer.submit(spec, [items(700), items(300), items(5)], on_progress=seen.append)
    assert seen == [500, 700, 1000, 1005]
    assert (status.counts.ready, status.counts.waiting) == (700, 305)
    order = []
    for stage in (700, 300, 5):
        leases = any_queue.worker.lease("c1", 2000)
        assert len(leases) == stage
        order += [lease.item_id for lease in leases]
        assert any_queue.worker.ack("c1", [done(lease) for lease in leases]) == []
    assert order == [f"{stage}-{index}" for stage, count in enumerate((700, 300, 5)) for index in range(count)]
    assert any_queue.producer.status("a").state is JobState.DONE


def test_an_upload_that_fails_leaves_no_list(any_queue: SceneQueue) -> None:
    """Staged items of every stage are removed; nobody has seen any of them."""

    def broken() -> Any:
        yield from items(800)
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="own"):
        any_queue.producer.submit(JobSpec(job_id=check_job_id("a")), [items(600), broken()])
    assert any_queue._connection.client.keys(f"{any_queue._connection.keys.structure}staging:*") == []
    assert any_queue.inspect.depth().counts.total == 0


def test_a_list_left_by_an_earlier_job_does_not_come_back(any_queue: SceneQueue) -> None:
    """Its hash was evicted, its list was not: a new job of this id has its own items alone."""
    submit(any_queue, "a", 3)
    client, keys = any_queue._connection.client, any_queue._connection.keys
    client.delete(keys.job("a"))
    assert submit(any_queue, "a", 2).counts.ready == 2
    assert client.llen(keys.ready("a", "render/1")) == 2


def test_thousands_are_leased_and_handed_in_at_once(any_queue: SceneQueue) -> None:
    """More than one command takes arguments; one of them was dropped, one is handed in twice, one differently."""
    submit(any_queue, "a", 2500)
    submit(any_queue, "b", 1)
    leases = any_queue.worker.lease("c1", 5000)
    assert len(leases) == 2501
    any_queue.producer.cancel("b")
    first = leases[0]
    other = ItemResult(item_id=first.item_id, name="other", state="done")
    finished = [*map(done, leases), done(first), (first, other)]
    refused, following = any_queue.worker.exchange("c1", finished, 10)
    assert [lease.job_id for lease in refused] == ["b", "a"]
    assert following == []
    status = any_queue.producer.status("a")
    assert (status.state, status.counts.done) == (JobState.DONE, 2500)
    assert any_queue.inspect.depth().counts.dropped == 1
    assert next(any_queue.producer.results("a")).name == first.item.name
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert client.keys(f"{keys.structure}item:*") == client.keys(f"{keys.structure}held:*") == []
    assert client.exists(keys.leases) == 0


def test_an_item_handed_in_with_its_neighbours_loses_its_history(any_queue: SceneQueue) -> None:
    """Errors of earlier attempts, and losses that were not counted, go with the end."""
    submit(any_queue, "a", 3)
    one, *_ = any_queue.worker.lease("c1", 3, begins_now=False)
    any_queue.worker.fail("c1", one, "ToolFailed", said("once"), transient=True, retry_in_s=0)
    any_queue.dispatcher.forfeit("c1", said("gone"))
    leases = any_queue.worker.lease("c2", 3)
    assert sorted((lease.item_id, lease.attempt) for lease in leases) == [("0-0", 2), ("0-1", 1), ("0-2", 1)]
    client, keys = any_queue._connection.client, any_queue._connection.keys
    assert set(client.hkeys(keys.job("a", "history"))) == {"0-0", "0-1#", "0-2#"}
    assert any_queue.worker.ack("c2", [done(lease) for lease in leases]) == []
    assert client.exists(keys.job("a", "history")) == 0


def test_a_connection_that_was_cut_between_two_steps_is_made_anew(queue: SceneQueue, redis_url: str) -> None:
    """Nobody above hears of it."""
    submit(queue, "a", 2)
    assert len(queue.worker.lease("c1", 1)) == 1
    with redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert len(queue.worker.lease("c1", 1)) == 1


def test_a_closed_queue_connects_again(queue: SceneQueue) -> None:
    """Closing is safe twice, and the next step makes a connection."""
    submit(queue, "a", 1)
    queue.close()
    queue.close()
    assert len(queue.worker.lease("c1", 1)) == 1


def test_a_forked_child_speaks_on_a_connection_of_its_own(queue: SceneQueue) -> None:
    """Parent and child use the queue at once, and neither reads the other's answers."""
    submit(queue, "a", 400)

    def take(container: str) -> None:
        taken = [queue.worker.lease(container, 1) for _ in range(100)]
        os._exit(0 if all(len(leases) == 1 for leases in taken) else 1)

    child = multiprocessing.get_context("fork").Process(target=take, args=("c2",))
    child.start()
    mine = [lease for _ in range(100) for lease in queue.worker.lease("c1", 1)]
    child.join(60)
    if child.exitcode is None:
        os.kill(child.pid or 0, signal.SIGKILL)
    assert (child.exitcode, len({lease.item_id for lease in mine})) == (0, 100)
    assert queue.inspect.depth().counts.leased == 200
