"""Event streams over HTTP, and outages of Redis."""

import json
import math
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from tests.producer.small_worker import working
from tests.sceneburst.http_api.serving import Api, check_problem, job, own_redis, serving
from tests.support.waiting import wait_until


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Api]:
    """An API with a quick heartbeat and room for three streams."""
    with serving(redis_url, namespace, api_heartbeat_s=0.2, api_streams=3, file_roots=[tmp_path]) as api:
        yield api
    for status in queue.inspect.jobs():
        if status.state is JobState.ACTIVE:
            queue.producer.cancel(status.job_id)


def _work(api: Api, queue: SceneQueue, folder: Path, job_id: str) -> None:
    with working(queue, UriStorage(SceneburstSettings.load(file_roots=[folder])), folder / "work"):
        try:
            wait_until(lambda: api.client.get(f"/v1/jobs/{job_id}").json()["state"] != "active", "the job has ended")
        except AssertionError:
            # Whoever follows it must come to an end too.
            api.client.delete(f"/v1/jobs/{job_id}")
            raise


def _submit(api: Api, folder: Path, *names: str) -> None:
    assert api.submit({**job(*names, job_id="j1"), "output": f"file://{folder}/out"}).status_code == 202


def test_a_stream_tells_all_that_happens_and_how_it_ended(api: Api, queue: SceneQueue, tmp_path: Path) -> None:
    """From the job's first event, while it happens, to its end."""
    _submit(api, tmp_path, "a", "bad")
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(api.events, "j1")
        _work(api, queue, tmp_path, "j1")
        status, events = told.result(60)
    assert status == 200
    names = [event["event"] for event in events]
    assert (names[0], names[-2:]) == ("submitted", ["finished", "end"])
    assert {"leased", "done", "dead"} <= set(names)
    assert events[-1]["data"]["counts"]["done"] == 1
    assert "id" not in events[-1]
    assert "token" not in json.dumps(events)
    assert [event.id for event in queue.producer.events("j1")] == [event["id"] for event in events[:-1]]


def test_a_stream_goes_on_after_the_last_event_seen(api: Api, queue: SceneQueue, tmp_path: Path) -> None:
    """Nothing twice, nothing left out; and after the last, nothing more, which ends an EventSource."""
    _submit(api, tmp_path, "a", "b", "c")
    _work(api, queue, tmp_path, "j1")
    _, whole = api.events("j1")
    for cut in range(1, len(whole) - 1):
        _, first = api.events("j1", most=cut)
        status, rest = api.events("j1", after=first[-1]["id"])
        assert (status, first + rest) == (200, whole)
    assert api.events("j1", after=whole[-2]["id"]) == (204, [])
    wait_until(lambda: api.server.service.open_streams == 0, "all streams are given back")


def test_a_quiet_stream_shows_that_it_lives(api: Api, tmp_path: Path) -> None:
    """By comments, which no client takes for events."""
    _submit(api, tmp_path, "a")
    with api.client.stream("GET", "/v1/jobs/j1/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        comments = [line for line, _ in zip(lines, range(12), strict=False) if line.startswith(":")]
    assert comments[:2] == [": still here", ": still here"]


def test_streams_are_limited_and_their_places_come_back(api: Api, tmp_path: Path) -> None:
    """Other requests are served all the same."""
    _submit(api, tmp_path, "a")
    path = "/v1/jobs/j1/events"
    with (
        api.client.stream("GET", path) as one,
        api.client.stream("GET", path) as two,
        api.client.stream("GET", path) as three,
    ):
        assert [each.status_code for each in (one, two, three)] == [200] * 3
        answer = api.client.get(path)
        check_problem(answer, 503, "too-many-streams")
        assert int(answer.headers["retry-after"]) > 0
        assert api.client.get("/v1/depth").status_code == 200
    wait_until(lambda: api.server.service.open_streams == 0, "places come back")
    check_problem(api.client.get("/v1/jobs/never/events"), 404, "job-not-found")
    assert api.server.service.open_streams == 0


def test_a_cancelled_job_ends_its_streams(api: Api, tmp_path: Path) -> None:
    """They say so."""
    _submit(api, tmp_path, "a")
    with ThreadPoolExecutor(1) as threads:
        told = threads.submit(api.events, "j1")
        wait_until(lambda: api.server.service.open_streams == 1, "the stream is open")
        api.client.delete("/v1/jobs/j1")
        _, events = told.result(60)
    assert events[-1]["data"]["state"] == "cancelled"


def test_without_redis_everybody_is_told_so_until_it_is_back() -> None:
    """A clear 503, alive but not ready, streams kept; then all goes on where it was."""
    with own_redis() as redis, serving(redis.url, "outage", api_heartbeat_s=0.2) as api, ThreadPoolExecutor(1) as threads:
        assert api.submit(job("a", job_id="j1")).status_code == 202
        told = threads.submit(api.events, "j1", seen=(seen := []))
        wait_until(lambda: seen, "the stream has begun")
        redis.kill()
        for answer in (api.client.get("/v1/jobs/j1"), api.submit(job("b", job_id="j2")), api.client.get("/v1/depth")):
            problem = check_problem(answer, 503, "queue-unavailable")
            assert "same job_id" in problem["advice"]
            assert "redis.sock" not in answer.text
            assert int(answer.headers["retry-after"]) > 0
        wait_until(lambda: api.client.get("/readyz").status_code == 503, "it is not ready")
        assert api.client.get("/healthz").status_code == 200
        redis.start()
        wait_until(lambda: api.client.get("/readyz").status_code == 200, "it is ready again")
        assert api.submit(job("b", job_id="j2")).status_code == 202
        api.client.delete("/v1/jobs/j1")
        _, events = told.result(60)
    assert [event["event"] for event in events] == ["submitted", "cancelled", "finished", "end"]


def test_a_frozen_redis_is_noticed_by_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sooner than a load balancer's own patience, however many ask: they share one look, which ends after two seconds."""
    monkeypatch.setattr("sceneburst.http_api.service._READY_KEPT_S", 600.0)
    looks: list[Reason | None] = []
    with own_redis() as redis, serving(redis.url, "frozen") as api:
        service = api.server.service
        probe = service._probe

        async def look() -> Reason | None:
            looks.append(await probe())
            return looks[-1]

        service._probe = look
        assert [api.client.get("/readyz").status_code for _ in range(2)] == [200] * 2
        service._probed_at = -math.inf
        os.kill(redis.pid, signal.SIGSTOP)
        try:
            with ThreadPoolExecutor(4) as threads:
                answers = list(threads.map(lambda _: api.client.get("/readyz"), range(4)))
            assert [answer.status_code for answer in answers] == [503] * 4
            silent = f"Redis at {service.producer.queue.url} has not answered within 2 s"
            assert [look and look.text for look in looks] == [None, silent]
            assert api.client.get("/healthz").status_code == 200
        finally:
            os.kill(redis.pid, signal.SIGCONT)
        service._probed_at = -math.inf
        monkeypatch.setattr("sceneburst.http_api.service._READY_KEPT_S", 0.0)
        wait_until(lambda: api.client.get("/readyz").status_code == 200, "it is ready again")


def test_what_was_not_foreseen_is_an_error_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are in the log, under the id that the caller has."""

    def broken() -> None:
        raise RuntimeError("hush")

    monkeypatch.setattr(api.server.service.producer.queue.inspect, "depth", broken)
    answer = api.client.get("/v1/depth")
    check_problem(answer, 500, "internal")
    assert "hush" not in answer.text
    request_id = answer.headers["x-request-id"]
    assert len(request_id) == 16
    said = ""

    def is_told() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "hush" in said and request_id in said

    wait_until(is_told, "it is in the log")
    assert api.key not in said
