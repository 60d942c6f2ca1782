"""Callbacks that fail now, by receiver."""

from scenequeue.ports.troubles.failing_callbacks import by_host
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


def _finish(queue: SceneQueue, job_id: str, url: str) -> int:
    submit(queue, job_id, 1, callback_url=url)
    queue.worker.ack("c1", [done(lease) for lease in queue.worker.lease("c1", 1)])
    return queue.producer.status(job_id).finished_ms or 0


def test_a_receiver_that_is_down_is_named_with_its_jobs_and_since_when(queue: SceneQueue) -> None:
    """Not one whose posts are accepted, or not posted yet, or given up; nor the secret in the address."""
    url = "https://hooks.example.org/secret?token=abc"
    ended_ms = [_finish(queue, name, url) for name in ("a", "b")]
    for name in ("well", "new", "old"):
        _finish(queue, name, "https://other.example.org/")
    for name, status in (("a", 500), ("b", 503)):
        queue.dispatcher.settle_notice(name, said(f"answered {status}"), retry_in_s=30 + status)
    queue.dispatcher.settle_notice("well")
    queue.dispatcher.settle_notice("old", said("no such host"))
    (receiver,) = queue.inspect.failing_receivers()
    assert (receiver.host, receiver.jobs, receiver.problem) == ("hooks.example.org", 2, said("answered 503"))
    assert receiver.since_ms == min(ended_ms)
    assert receiver.next_ms > queue.inspect.now_ms() + 400_000
    assert "secret" not in str(receiver)
    queue.dispatcher.settle_notice("a")
    queue.dispatcher.settle_notice("b")
    assert queue.inspect.failing_receivers() == []


def test_an_address_that_is_none_and_fields_of_others_are_shown_all_the_same() -> None:
    """Values in Redis may be anybody's."""
    found = by_host(
        [(5, {"callback_url": url, "callback_error": "{", "finished_ms": "x"}) for url in ("", "http://[", "x" * 999)]
    )
    assert [(receiver.host, receiver.jobs, receiver.since_ms) for receiver in found] == [("?", 3, 0)]
