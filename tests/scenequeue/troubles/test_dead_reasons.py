"""Dead letters by reason: how many, since when, of which jobs and labels, and one of them."""

import pytest
import redis

from scenequeue.ports.troubles import dead_reasons, retries
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import submit
from tests.support.reasons import said


def _bury(queue: SceneQueue, count: int, code: str, error: str = "BadInput") -> None:
    for lease in queue.worker.lease("c1", count):
        queue.worker.fail("c1", lease, error, Reason(code, {"uri": lease.item.name}), transient=False)


def test_reasons_are_told_with_their_times_jobs_labels_and_newest_letter(queue: SceneQueue) -> None:
    """The most frequent first; all letters of the last minute count as new."""
    submit(queue, "a", 3, labels={"shop": "north"})
    _bury(queue, 3, "object_missing")
    submit(queue, "b", 2, labels={"shop": "south"})
    _bury(queue, 1, "object_missing")
    _bury(queue, 1, "image_unreadable")
    missing, unreadable = queue.inspect.dead_reasons()
    assert (missing.reason, missing.letters, missing.last_minute, missing.is_whole) == ("object_missing", 4, 4, True)
    assert missing.first_ms <= missing.last_ms <= queue.inspect.now_ms()
    jobs = [(job.job_id, job.letters, job.dead, job.done, job.labels) for job in missing.jobs]
    assert jobs == [("a", 3, 3, 0, {"shop": "north"}), ("b", 1, 2, 0, {"shop": "south"})]
    assert missing.example is not None
    assert missing.example.job_id == "b"
    assert (unreadable.reason, unreadable.letters) == ("image_unreadable", 1)


def test_of_many_letters_the_newest_are_looked_at(queue: SceneQueue) -> None:
    """And the rest is known to be there."""
    count = dead_reasons.LOOKED_AT + 5
    submit(queue, "a", count)
    _bury(queue, count, "object_missing")
    (missing,) = queue.inspect.dead_reasons()
    assert (missing.letters, missing.is_whole, missing.jobs[0].letters) == (count, False, dead_reasons.LOOKED_AT)


def test_only_so_many_reasons_are_read(queue: SceneQueue) -> None:
    """The most frequent ones."""
    submit(queue, "a", 6)
    for number, code in enumerate(("one", "two", "three"), 1):
        _bury(queue, number, code)
    assert [each.reason for each in queue.inspect.dead_reasons(2)] == ["three", "two"]


@pytest.mark.parametrize(("kind", "value"), [("dead:reason:object_missing", "text"), ("job:a", "text"), ("job:a:dead", "text")])
def test_what_another_program_has_written_over_harms_nothing(queue: SceneQueue, redis_url: str, kind: str, value: str) -> None:
    """Parts that cannot be read are left out."""
    submit(queue, "a", 1)
    _bury(queue, 1, "object_missing")
    key = queue._connection.keys.of(kind)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(key)
        client.set(key, value, ex=60)
        queue.inspect.dead_reasons()
        for each in client.scan_iter(match=queue._connection.keys.prefix.replace("{", "\\{") + "*"):
            client.expire(each, 60)


def test_labels_that_are_no_labels_are_left_out(queue: SceneQueue) -> None:
    """Another program wrote them."""
    submit(queue, "a", 1)
    _bury(queue, 1, "object_missing")
    for text in ("[1]", '{"a": 1, "b": "c"}', "no json", "null"):
        queue._connection.client.hset(queue._connection.keys.job("a"), "labels", text)
        (missing,) = queue.inspect.dead_reasons()
        assert missing.jobs[0].labels == ({"b": "c"} if "b" in text else {})


def test_reasons_of_two_structures_are_put_together(redis_url: str, namespace: str) -> None:
    """While two versions run, both have letters."""
    settings = SceneburstSettings.load(redis_url=redis_url, namespace=namespace)
    both, old = SceneQueue(settings, structures=(3, 2)), SceneQueue(settings, structures=(2,))
    submit(both, "a", 2)
    _bury(both, 2, "object_missing")
    submit(old, "b", 1)
    _bury(old, 1, "object_missing")
    (missing,) = both.inspect.dead_reasons()
    assert (missing.letters, [job.job_id for job in missing.jobs]) == (3, ["a", "b"])


def test_items_that_wait_for_a_retry_are_told_with_their_last_error(queue: SceneQueue) -> None:
    """Those that are due first; one without a readable history is left out."""
    submit(queue, "a", retries.LOOKED_AT + 2)
    for number, lease in enumerate(queue.worker.lease("c1", retries.LOOKED_AT + 2)):
        queue.worker.fail("c1", lease, "StorageUnavailable", said(f"answer {number}"), transient=True, retry_in_s=1000 - number)
    found = queue.inspect.retries()
    assert [retry.error.message for retry in found][:2] == ["answer 21", "answer 20"]
    assert (len(found), found[0].error.error) == (retries.LOOKED_AT, "StorageUnavailable")
    queue._connection.client.hset(queue._connection.keys.job("a", "history"), found[0].item_id, "[{}]")
    assert [retry.error.message for retry in queue.inspect.retries()][:1] == ["answer 20"]


def test_a_dispatcher_is_known_to_act_until_it_resigns(queue: SceneQueue) -> None:
    """Or until its lock ends."""
    assert not queue.inspect.has_dispatcher()
    queue.dispatcher.acquire("one", 30)
    assert queue.inspect.has_dispatcher()
    queue.dispatcher.resign("one")
    assert not queue.inspect.has_dispatcher()
