"""Every answer, refusal and event of the HTTP API: reasons in one form, as /openapi.json describes them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code, Reason
from tests.sceneburst.http_api.serving import Api, check_problem, job, scene, serving
from tests.scenequeue.jobs import done
from tests.support.reason_shapes import check_reasons

_CSV = {"Content-Type": "text/csv"}
_JSON = {"Content-Type": "application/json"}
_PACKED = {**_JSON, "Content-Encoding": "br"}
_WARNING = {"code": "cues_before_start", "parameters": {"cues": 2}}


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Api]:
    """With one key."""
    del queue
    with serving(redis_url, namespace) as served:
        yield served


def _described(api: Api, schema: str, answer: Any) -> None:
    """Hold an answer against the schema that the API publishes; keys that it does not describe are a mistake."""
    components = api.client.get("/openapi.json").json()["components"]["schemas"]
    for each in components.values():
        if "properties" in each:
            each.setdefault("additionalProperties", False)
    document = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": components}}
    assert [error.message for error in Draft202012Validator(document).iter_errors(answer)] == []


@pytest.mark.parametrize(
    ("method", "path", "asked", "status", "slug", "code"),
    [
        ("GET", "/v1/depth", {"headers": {"Authorization": ""}}, 401, "unauthorized", "api_key_missing"),
        ("GET", "/v1/depth", {"headers": {"Authorization": "Bearer x"}}, 401, "unauthorized", "api_key_unregistered"),
        ("GET", "/nothing", {}, 404, "not-found", "path_not_served"),
        ("GET", "/v1/jobs/", {}, 404, "not-found", "path_not_served"),
        ("GET", "/v1/jobs/a%2Fb", {}, 404, "not-found", "path_not_served"),
        ("GET", "/v1/jobs/a%20%00%FF", {}, 404, "job-not-found", "job_id_unusable"),
        ("GET", "/v1/jobs/none", {}, 404, "job-not-found", "job_unknown"),
        ("DELETE", "/v1/jobs/none", {}, 404, "job-not-found", "job_unknown"),
        ("GET", "/v1/jobs/none/events", {}, 404, "job-not-found", "job_unknown"),
        ("PUT", "/v1/jobs", {}, 405, "method-not-allowed", "method_not_served"),
        ("OPTIONS", "/v1/jobs", {}, 405, "method-not-allowed", "method_not_served"),
        ("HEAD", "/v1/jobs/j1/events", {}, 405, "method-not-allowed", None),
        ("POST", "/v1/jobs", {"content": b"{}"}, 415, "media-type", "media_type_missing"),
        ("POST", "/v1/jobs", {"content": b"{}", "headers": _CSV}, 415, "media-type", "media_type_not_json"),
        ("POST", "/v1/jobs", {"content": b"{}", "headers": _PACKED}, 415, "content-encoding", "body_compressed"),
        ("POST", "/v1/jobs", {"content": b"{", "headers": _JSON}, 400, "not-json", "body_not_json"),
        ("POST", "/v1/jobs", {"content": b"\xff", "headers": _JSON}, 400, "not-json", "body_not_json"),
        ("POST", "/v1/jobs", {"content": b"[NaN]", "headers": _JSON}, 400, "not-json", "json_constant"),
        ("POST", "/v1/jobs", {"content": b"[" * 20_000, "headers": _JSON}, 400, "not-json", "json_too_deep"),
        ("POST", "/v1/jobs", {"content": b"[" * 300 + b"]" * 300, "headers": _JSON}, 400, "not-json", "json_too_deep"),
        ("POST", "/v1/jobs", {"content": b'"\\ud800"', "headers": _JSON}, 400, "not-json", "json_half_character"),
        ("POST", "/v1/jobs", {"content": b"x" * 40_000, "headers": _JSON}, 413, "body-too-large", "body_too_large"),
        ("POST", "/v1/jobs", {"json": []}, 422, "invalid", "object_needed"),
        ("POST", "/v1/jobs", {"json": job(*"abcdef")}, 422, "invalid", "scenes_over_limit"),
        ("POST", "/v1/jobs", {"json": job("a", output="\x01")}, 422, "invalid", "text_unprintable"),
        ("POST", "/v1/jobs", {"content": b'{"a": 1, "a": 2}', "headers": _JSON}, 422, "invalid", "key_repeated"),
        ("POST", "/v1/jobs", {"content": b'{"a": 1e999}', "headers": _JSON}, 422, "invalid", "number_too_large"),
        ("POST", "/v1/jobs", {"json": job("a", "?", oops=1)}, 422, "invalid", "mistakes_counted"),
        ("POST", "/v1/jobs", {"json": job("b", job_id="j1")}, 409, "job-conflict", "job_id_taken"),
        ("GET", "/v1/jobs/j1/events", {"headers": {"Last-Event-ID": "x"}}, 422, "invalid", "event_id_malformed"),
        ("GET", "/v1/jobs/j1/results?limit=0", {}, 422, "invalid", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_refusal_is_a_problem_with_a_code(
    queue: SceneQueue, redis_url: str, namespace: str, method: str, path: str, asked: dict[str, Any], status: int, slug: str,
    code: str | None,
) -> None:  # fmt: skip
    """Whoever refuses it, ours or the framework; and as the description says."""
    with serving(redis_url, namespace, api_max_body_mib=0.03, api_max_scenes=5) as api:
        api.submit(job("a", job_id="j1"))
        answer = api.client.request(method, path, **asked)
        if method == "HEAD":
            assert (answer.status_code, answer.content) == (status, b"")
            return
        problem = check_problem(answer, status, slug)
        assert code in {None, problem["code"]}
        _described(api, "Problem", problem)


def test_the_place_of_a_mistake_is_the_part_of_the_request_and_a_pointer_in_it(api: Api) -> None:
    """For the body a JSON pointer, for a parameter or a header its name."""
    api.submit(job("a", job_id="j1"))
    wrong = {"scenes": [scene("a", options={"fps": "x"})], "output": "s3://b/o", "oops": 1}
    found = [
        *api.submit(wrong).json()["errors"],
        *api.client.get("/v1/jobs/j1/results?limit=0").json()["errors"],
        *api.client.get("/v1/jobs/j1/events", headers={"Last-Event-ID": "x"}).json()["errors"],
    ]
    assert [(each["in"], each["pointer"]) for each in found] == [
        *(("body", "#/oops"), ("body", "#/scenes/0/options/fps"), ("query", "limit"), ("header", "Last-Event-ID")),
    ]


def test_too_many_requests_and_streams_have_codes(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """With the limit that is reached."""
    with serving(redis_url, namespace, api_requests_per_s=0.001, api_burst=1, api_streams=1) as api:
        assert api.client.get("/v1/depth").status_code == 200
        problem = check_problem(api.client.get("/v1/depth"), 429, "too-many-requests")
        assert (problem["code"], problem["parameters"]) == ("rate_exceeded", {"limit": 0.001})


def test_every_answer_has_reasons_in_one_form_and_is_described(api: Api, queue: SceneQueue) -> None:
    """A job that waits, results with warnings and errors, and all events."""
    submitted = api.submit(job("a", "b", job_id="j1", callback_url="https://example.com/x"))
    queue.operator.pause()
    waiting = api.client.get("/v1/jobs/j1").json()
    queue.operator.resume()
    first, second = queue.worker.lease("c1", 2)
    queue.worker.ack("c1", [(first, done(first)[1].model_copy(update={"details": {"warnings": [_WARNING]}}))])
    why = Reason(Code.FILE_MISSING, {"uri": "s3://b/a.jpg", "input": "image"})
    queue.worker.fail("c1", second, "BadInput", why, transient=False)
    queue.dispatcher.settle_notice("j1", Reason(Code.SERVER_ANSWERED, {"status": 500}), 60)
    page = api.client.get("/v1/jobs/j1/results").json()
    events = [event["data"] for event in api.events("j1")[1]]
    depth = api.client.get("/v1/depth").json()
    for schema, answer in (("Job", submitted.json()), ("Job", waiting), ("ResultPage", page), ("Backlog", depth)):
        check_reasons(answer)
        _described(api, schema, answer)
    for event in events[:-1]:
        _described(api, "Event", event)
    assert waiting["waits_because"].keys() == {"code", "parameters", "text"}
    well, ill = page["results"]
    assert (well["code"], well["parameters"], well["error"]) == (None, None, None)
    assert (ill["code"], ill["parameters"]) == (why.code, why.parameters)
    assert set(check_reasons(page)) == {"file_missing", "cues_before_start"}
    assert set(check_reasons(events)) == {"file_missing", "server_answered"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/depth", "/v1/jobs/j%31", "/v1/jobs/none", "/openapi.json"])
def test_head_is_get_without_a_body(api: Api, path: str) -> None:
    """As load balancers ask; an id may be escaped as any part of an address."""
    api.submit(job("a", job_id="j1"))
    whole, head = api.client.get(path), api.client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_a_problem_names_the_path_as_a_reference(api: Api) -> None:
    """Without spaces, of which there are none in one."""
    answer: httpx.Response = api.client.get("/v1/jobs/a%20b")
    assert json.loads(answer.text)["instance"] == "/v1/jobs/a%20b"
