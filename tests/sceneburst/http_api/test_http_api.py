"""Jobs over HTTP: submitted, followed, fetched and cancelled."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import redis

from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.storages.uri import UriStorage
from scenequeue.structure.acl import rules
from tests.producer.small_worker import working
from tests.sceneburst.http_api.serving import Api, check_problem, job, scene, serving
from tests.scenequeue.jobs import done
from tests.support.waiting import wait_until


def test_a_job_goes_from_a_request_to_its_results(api: Api, queue: SceneQueue, tmp_path: Path) -> None:
    """Submitted, done by a worker, and fetched in the order of the scenes, in pages."""
    names = ["d", "a", "c", "bad", "b"]
    answer = api.submit({"scenes": [scene(name) for name in names], "output": f"file://{tmp_path}/out", "labels": {"for": "x"}})
    assert answer.status_code == 202
    path = answer.headers["location"]
    assert path == f"/v1/jobs/{answer.json()['job_id']}"
    assert answer.json()["counts"]["ready"] == 5
    assert api.client.get("/v1/depth").json()["ready_by_lane"] == {"urgent": 0, "normal": 5, "bulk": 0}
    with working(queue, UriStorage(SceneburstSettings.load(file_roots=[tmp_path])), tmp_path / "work"):
        ended = wait_until(lambda: (s := api.client.get(path).json())["state"] != "active" and s, "the job has ended")
    assert (ended["state"], ended["progress"], ended["labels"]) == ("failed", 1.0, {"for": "x"})
    assert (ended["counts"]["done"], ended["counts"]["dead"]) == (4, 1)
    found, place, pages = [], "0-0", 0
    while place:
        page = api.client.get(f"{path}/results", params={"from": place, "limit": 2}).json()
        found += page["results"]
        place, pages = page["next"], pages + 1
    assert pages == 3
    assert [result["name"] for result in found] == names
    assert [result["state"] for result in found] == ["done", "done", "done", "dead", "done"]
    assert (tmp_path / "out" / "d.mp4").read_bytes() == b"video of d"
    assert "not a picture" in found[3]["error"]


def test_a_cancel_is_written_down_with_the_name_of_the_key_and_the_reason(api: Api, queue: SceneQueue) -> None:
    """For those who ask later who did it, and why; a reason that would be cut is refused first."""
    path = api.submit(job("a")).headers["location"]
    refused = api.client.delete(path, params={"why": "x" * 201})
    assert check_problem(refused, 422, "invalid")["errors"][0]["in"] == "query"
    assert api.client.delete(path, params={"why": "wrong voice"}).status_code == 200
    (act,) = queue.inspect.acts()
    assert (act.by, act.act, act.about, act.amount) == ("shop", "cancel", f"job={path.rpartition('/')[2]}", 1)
    assert act.why == "wrong voice"


def test_what_a_person_should_know_of_a_video_is_in_its_result(api: Api, queue: SceneQueue) -> None:
    """A code for programs, a sentence for people, also of a result whose worker was older."""
    answer = api.submit(job("a"))
    (lease,) = queue.worker.lease("c1", 1)
    details = {"warnings": [{"code": "cues_before_start", "parameters": {"cues": 2}}, "words of an older version"]}
    queue.worker.ack("c1", [(lease, done(lease)[1].model_copy(update={"details": details}))])
    (result,) = api.client.get(f"{answer.headers['location']}/results").json()["results"]
    assert result["warnings"] == [
        {
            "code": "cues_before_start",
            "parameters": {"cues": 2},
            "text": "subtitles: 2 cues before the beginning (negative times) were left out",
        },
        {"code": "other", "parameters": {"text": "words of an older version"}, "text": "words of an older version"},
    ]


def test_a_film_is_a_second_stage_and_the_last_result(api: Api, queue: SceneQueue, tmp_path: Path) -> None:
    """Pages go on from the scenes to it."""
    body = {**job("a", "b", film={"name": "all", "crossfade_s": 1}), "output": f"file://{tmp_path}/out"}
    path = api.submit(body).headers["location"]
    assert api.client.get(path).json()["stages"] == 2
    with working(queue, UriStorage(SceneburstSettings.load(file_roots=[tmp_path])), tmp_path / "work"):
        wait_until(lambda: api.client.get(path).json()["state"] == "done", "the film is made")
    first = api.client.get(f"{path}/results?limit=2").json()
    assert ([result["name"] for result in first["results"]], first["next"]) == (["a", "b"], "1-0")
    last = api.client.get(f"{path}/results?from=1-0").json()
    assert ([result["name"] for result in last["results"]], last["next"]) == (["all"], None)


def test_the_same_job_twice_is_one_job_and_another_one_is_a_conflict(api: Api, queue: SceneQueue) -> None:
    """The job id is the idempotency key."""
    first, second = api.submit(job("a", "b", job_id="j1")), api.submit(job("a", "b", job_id="j1"))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert queue.inspect.depth().counts.ready == 2
    problem = check_problem(api.submit(job("a", "c", job_id="j1")), 409, "job-conflict")
    assert "j1" in problem["detail"]
    assert queue.inspect.depth().counts.ready == 2


def test_everything_asked_for_reaches_the_queue(api: Api, queue: SceneQueue) -> None:
    """Options, overrides, lane, attempts and callback, as a producer in Python would hand them over."""
    more = {"options": {"resolution": "720p"}, "max_attempts": 5, "callback_url": "https://shop.example/told"}
    more["wishes"] = {"scenes_per_batch": 2, "config_priority": 4}
    body = job(lane="urgent", job_id="j1", **more)
    api.submit({**body, "scenes": [{"scene_name": "a", "image_path": "https://x.example/a.png", "audio": "s3://b/a.mp3"}]})
    status = queue.producer.status("j1")
    assert (status.lane, status.max_attempts, status.options.resolution) == ("urgent", 5, "720p")
    assert status.callback_url == "https://shop.example/told"
    assert status.wishes == JobWishes(scenes_per_batch=2, config_priority=4)
    assert api.client.get("/v1/jobs/j1").json()["wishes"]["max_parallel_tasks"] is None
    assert "callback_url" not in api.client.get("/v1/jobs/j1").json()
    (lease,) = queue.worker.lease("c1", 1)
    assert lease.item.payload["image"] == "https://x.example/a.png"
    assert lease.item.payload["output"] == "s3://bucket/out/a.mp4"
    queue.worker.release("c1", [lease])


def test_cancelling_is_safe_twice(api: Api) -> None:
    """Waiting items are dropped once."""
    api.submit(job("a", "b", job_id="j1"))
    for _ in range(2):
        answer = api.client.delete("/v1/jobs/j1").json()
        assert (answer["state"], answer["counts"]["dropped"]) == ("cancelled", 2)


@pytest.mark.parametrize("job_id", ["never", "..", "a%2F..%2Fb", "%00", "{x}", "j" * 3000, "%F0%9F%8E%AC", "*"])
@pytest.mark.parametrize("rest", ["", "/results", "/events"])
def test_a_job_that_is_not_there_is_not_found(api: Api, job_id: str, rest: str) -> None:
    """Whatever its id looks like."""
    answer = api.client.get(f"/v1/jobs/{job_id}{rest}")
    assert answer.status_code == 404, answer.text
    assert answer.json()["type"].startswith("urn:sceneburst:problem:")


def test_a_full_backlog_is_told_with_the_time_to_wait(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """It is nobody's fault, and passes."""
    with serving(redis_url, namespace, backlog_limit=2) as api:
        answer = api.submit(job("a", "b", "c"))
    check_problem(answer, 503, "queue-full")
    assert int(answer.headers["retry-after"]) > 0


def test_bad_parameters_and_unknown_paths_are_problems_too(api: Api) -> None:
    """Also those that the framework refuses by itself."""
    api.submit(job("a", job_id="j1"))
    for query in ("from=x", "limit=0", "limit=100000", "from=0--1"):
        problem = check_problem(api.client.get(f"/v1/jobs/j1/results?{query}"), 422, "invalid")
        assert problem["errors"][0]["pointer"] == query.partition("=")[0]
    check_problem(api.client.get("/v1/jobs/j1/events", headers={"Last-Event-ID": "x"}), 422, "invalid")
    check_problem(api.client.get("/nothing"), 404, "not-found")
    check_problem(api.client.put("/v1/jobs"), 405, "method-not-allowed")


def test_it_needs_no_more_of_redis_than_a_producer(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Every route works under the role's own user."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as admin:
        admin.execute_command("ACL", "SETUSER", namespace, "on", ">word", *rules("producer", namespace))
        with serving(f"unix://{namespace}:word@{redis_url.removeprefix('unix://')}", namespace) as api:
            assert api.submit(job("a", film=True, job_id="j1")).status_code == 202
            for path in ("/v1/jobs/j1", "/v1/jobs/j1/results", "/v1/depth", "/readyz"):
                assert api.client.get(path).status_code == 200, path
            assert api.client.delete("/v1/jobs/j1").status_code == 200
            assert api.events("j1")[1][-1]["event"] == "end"
        admin.execute_command("ACL", "DELUSER", namespace)


def test_answers_carry_headers_that_leave_nothing_to_guess(api: Api) -> None:
    """Good answers and refusals alike; and nothing says what serves them."""
    for path in ("/healthz", "/v1/depth", "/nothing"):
        headers = api.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert len(headers["x-request-id"]) == 16
        assert "server" not in headers


def test_answers_do_not_wait_for_acknowledgements(api: Api) -> None:
    """Head and body leave at once, which needs TCP_NODELAY on each connection."""
    assert api.server.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_description_is_complete_and_its_example_is_accepted(api: Api) -> None:
    """OpenAPI: every reference leads somewhere."""
    answer = httpx.get(f"{api.server.url}/openapi.json")
    document = answer.json()
    assert set(document["paths"]["/v1/jobs/{job_id}"]) == {"get", "delete"}
    named = {piece.split('"')[0] for piece in answer.text.split("#/components/schemas/")[1:]}
    assert named <= set(document["components"]["schemas"])
    assert {"Submission", "Scene", "RenderOptions", "Film", "Problem"} <= named
    example = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert api.submit(example).status_code == 202
    assert document["paths"]["/v1/jobs"]["post"]["security"] == [{"HTTPBearer": []}]


def test_importing_the_producer_does_not_load_the_api() -> None:
    """Enqueueing needs no web framework, and the command line starts without it."""
    code = "import {}, sys; print([m for m in ('fastapi', 'starlette', 'uvicorn', 'anyio') if m in sys.modules])"
    for module in ("producer", "sceneburst.cli"):
        done = subprocess.run([sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_a_caller_learns_why_a_job_waits(api: Api, queue: SceneQueue) -> None:
    """As a code and a sentence, at once and later; null while it is worked on."""
    submitted = api.submit(job("a", "b"))
    assert submitted.json()["waits_because"]["code"] == "no_dispatcher"
    path = submitted.headers["location"]
    queue.operator.pause()
    assert api.client.get(path).json()["waits_because"] == {
        "code": "paused",
        "parameters": {},
        "text": "the queue is paused; `sceneburst queue resume` goes on",
    }
    queue.operator.resume()
    queue.worker.lease("c1", 1)
    assert api.client.get(path).json()["waits_because"] is None
