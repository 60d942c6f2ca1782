"""Webhooks: what is posted, how it is signed, and what happens when nobody takes it."""

import json
import threading
from pathlib import Path

import httpx
import pytest

from dispatcher.webhooks import WebhookSender, retry_pause_s, signature
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import Callback, JobSpec
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items
from tests.support.dripping_server import dripping_server
from tests.support.reasons import said
from tests.support.waiting import wait_until


def _ended_job(queue: SceneQueue, url: str) -> None:
    spec = JobSpec(job_id=check_job_id("a"), callback_url=url)
    queue.producer.submit(spec, [items(1)])
    queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])


def test_the_end_of_a_job_is_posted_once_and_signed(queue: SceneQueue) -> None:
    """To the address that was judged, under the name that was asked for."""
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    _ended_job(queue, "https://example.org/hook?x=1")
    notifier = WebhookSender(queue, "key", resolve=lambda _host, _port: "93.184.215.14", transport=httpx.MockTransport(take))
    assert notifier.run() == 1
    notifier.close()
    (request,) = seen
    assert (request.url.host, request.headers["host"]) == ("93.184.215.14", "example.org")
    body = json.loads(request.content)
    assert (body["event"], body["job"]["job_id"], body["job"]["state"]) == ("job.ended", "a", "done")
    timestamp = int(request.headers["x-sceneburst-timestamp"])
    assert request.headers["x-sceneburst-signature"] == f"v1={signature('key', timestamp, request.content)}"
    assert queue.dispatcher.due_notices() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
    ],
)
def test_a_webhook_never_goes_to_a_private_address(queue: SceneQueue, url: str) -> None:
    """Refused before anything is sent, and not tried again."""
    _ended_job(queue, url)
    notifier = WebhookSender(queue, None, transport=httpx.MockTransport(lambda _: pytest.fail("it was sent")))
    notifier.run()
    notifier.close()
    assert queue._connection.client.zcard(queue._connection.keys.notices) == 0
    callback = queue.inspect.job("a").callback
    assert callback is not None
    assert (callback.state, callback.tries) == ("given_up", 1)
    assert "not a public" in (callback.error or "")


def test_a_receiver_that_fails_is_tried_again_later(queue: SceneQueue) -> None:
    """The notice stays, due after a pause."""
    _ended_job(queue, "https://example.org/hook")
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    notifier = WebhookSender(queue, None, resolve=lambda _host, _port: "93.184.215.14", transport=transport)
    notifier.run()
    notifier.close()
    assert queue._connection.client.zcard(queue._connection.keys.notices) == 1
    assert queue.dispatcher.due_notices() == []
    callback = queue.inspect.job("a").callback
    assert callback == Callback(state="pending", tries=1, code="receiver_answered", parameters={"status": 503})
    assert callback.error == "the receiver answered 503"
    assert Callback.model_validate(callback.model_dump()) == callback
    assert (notifier.run(), notifier.failed) == (0, 1)


def test_an_end_that_comes_while_another_is_posted_is_posted_too(queue: SceneQueue) -> None:
    """A failed job was requeued meanwhile, and is done: the receiver learns that as well."""
    posted: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        posted.append(json.loads(request.content)["job"]["state"])
        if posted == ["failed"]:
            queue.operator.requeue("a", "0-0")
            # Redis's clock tells the two ends apart.
            ended_ms = queue.inspect.now_ms()
            wait_until(lambda: queue.inspect.now_ms() > ended_ms, "a millisecond has passed")
            queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])
        return httpx.Response(204)

    spec = JobSpec(job_id=check_job_id("a"), callback_url="https://example.org/hook")
    queue.producer.submit(spec, [items(1)])
    queue.worker.fail("c1", queue.worker.lease("c1", 1)[0], "BadInput", said("never"), transient=False)
    for _ in range(2):
        notifier = WebhookSender(queue, None, resolve=lambda _host, _port: "93.184.215.14", transport=httpx.MockTransport(take))
        notifier.run()
        notifier.close()
    assert posted == ["failed", "done"]
    assert queue.dispatcher.due_notices() == []


def test_retries_grow_and_end_after_a_day() -> None:
    """Five seconds at first, an hour at most."""
    assert [retry_pause_s(since) for since in (0, 100, 50_000, 90_000)] == [5.0, 50.0, 3600.0, None]


def test_an_address_that_is_none_is_given_up_at_once(queue: SceneQueue) -> None:
    """No retry makes it one."""
    _ended_job(queue, "https://exa mple\x00.org:port/")
    notifier = WebhookSender(queue, None, transport=httpx.MockTransport(lambda _: pytest.fail("it was sent")))
    notifier.run()
    notifier.close()
    assert queue._connection.client.zcard(queue._connection.keys.notices) == 0


def test_no_more_is_claimed_than_is_posted_at_once(queue: SceneQueue) -> None:
    """A notice that waits for a thread is not claimed, so no claim expires there and nothing is posted twice."""
    go_on = threading.Event()
    posted: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        go_on.wait(60)
        posted.append(json.loads(request.content)["job"]["job_id"])
        return httpx.Response(204)

    for number in range(12):
        spec = JobSpec(job_id=check_job_id(f"j{number}"), callback_url="https://example.org/hook")
        queue.producer.submit(spec, [items(1)])
    queue.worker.ack("c1", [done(lease) for lease in queue.worker.lease("c1", 12)])
    notifier = WebhookSender(queue, None, resolve=lambda _host, _port: "93.184.215.14", transport=httpx.MockTransport(take))
    assert [notifier.run(), notifier.run()] == [8, 0]
    go_on.set()
    wait_until(lambda: len(posted) == 8, "the first are posted")
    # A place is free a moment after its notice was posted.
    claimed: list[int] = []
    wait_until(lambda: (claimed.append(notifier.run()), sum(claimed) == 4)[1], "the others follow")
    notifier.close()
    assert sorted(posted) == sorted(f"j{number}" for number in range(12))


@pytest.mark.parametrize(("kind", "left"), [("handshake", 1), ("headers", 1), ("informational", 1), ("body", 0)])
def test_a_receiver_that_answers_without_an_end_holds_nobody_up(queue: SceneQueue, tmp_path: Path, kind: str, left: int) -> None:
    """One limit for the whole post; of the answer the head is read and nothing else, so that a body of any size costs nothing."""
    with dripping_server(tmp_path, kind) as server:
        _ended_job(queue, server.url)
        transport = httpx.AsyncHTTPTransport(verify=server.trust)
        limit_s = 1.0 if left else 60.0
        notifier = WebhookSender(queue, None, resolve=lambda _host, _port: "127.0.0.1", transport=transport, limit_s=limit_s)
        notifier.run()
        notifier.close()
    assert queue._connection.client.zcard(queue._connection.keys.notices) == left
