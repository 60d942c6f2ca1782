"""Bodies that the HTTP API must not trust: too long, too slow, and not what they claim to be."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sceneburst.http_api.bodies import parsed
from sceneburst.http_api.errors import BodyUnreadable
from scenequeue.errors import InvalidScenes
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import Api, check_problem, job, scene, serving
from tests.support.waiting import wait_until


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Api]:
    """An API whose bodies have 64 KiB at most; whatever was taken is cancelled afterwards."""
    with serving(redis_url, namespace, api_max_body_mib=0.0625) as api:
        yield api
    for status in queue.inspect.jobs():
        queue.producer.cancel(status.job_id)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_over_the_limit_is_refused_while_it_comes(api: Api, queue: SceneQueue, is_chunked: bool) -> None:
    """With its length told beforehand or in chunks, and without being kept."""
    body = json.dumps(job("a", labels={"a": "x" * 200_000})).encode()
    pieces = (body[at : at + 4096] for at in range(0, len(body), 4096))
    content: Any = pieces if is_chunked else body
    answer = api.client.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
    check_problem(answer, 413, "body-too-large")
    assert queue.inspect.jobs() == []
    assert api.client.get("/v1/depth").status_code == 200


def test_a_body_without_an_end_is_cut_off(api: Api) -> None:
    """Some client sends chunks for ever: it is answered, and its connection closed."""
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", int(api.server.url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        wait_until(lambda: not _sent(connection, b"1000\r\n" + b" " * 4096 + b"\r\n"), "the connection is closed")
    assert api.client.get("/v1/depth").status_code == 200


def test_a_body_that_waits_to_be_asked_for_is_not_asked_for(api: Api) -> None:
    """`Expect: 100-continue` with a length over the limit."""
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\nContent-Type: application/json\r\n"
    # Who waits for the body answers 408 in the end.
    assert _answer(api, f"{head}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_come_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection is not held by a byte a minute."""
    monkeypatch.setattr("sceneburst.http_api.bodies._BODY_S", 0.2)
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\nContent-Type: application/json\r\n"
    assert _answer(api, f"{head}Content-Length: 5000\r\n\r\n{{".encode()).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_leaves_in_its_body_harms_nobody(api: Api, queue: SceneQueue) -> None:
    """Nothing is enqueued of it."""
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", int(api.server.url.rpartition(":")[2]))) as connection:
        connection.sendall(f'{head}Content-Length: 5000\r\n\r\n{{"scenes": ['.encode())
    assert api.client.get("/healthz").status_code == 200
    assert queue.inspect.jobs() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"scenes": NaN}',
        b'{"scenes": [Infinity]}',
        b'{"scenes": ["\\ud800"]}',
        b'{"scenes": ["\xff\xfe"]}',
        b'\xef\xbb\xbf{"scenes": []}',
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b"[" * 300 + b"]" * 300,
        b'{"scenes": ' + b"9" * 20_000 + b"}",
        b"{'scenes': []}",
        b'{"scenes": [],}',
        b'{"output": "a\nb"}',
        b"PK\x03\x04",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_said_to_be_none(api: Api, body: bytes) -> None:
    """And the next request is served as ever."""
    check_problem(api.send(body), 400, "not-json")
    assert api.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (r'"labels": {"a": "b\u0000c"}', "#/labels/a"),
        (r'"labels": {"a": "\u001b[31m"}', "#/labels/a"),
        (r'"labels": {"a\u0000": "b"}', "#/labels"),
        (r'"options": {"zoom": 1e999}', "#/options/zoom"),
        (r'"options": {"fps": 99999999999999999999999999}', "#/options/fps"),
        (r'"options": [[[[1]]]]', "#/options"),
        (r'"max_attempts": 1e308', "#/max_attempts"),
        (r'"scenes": {}', "#/scenes"),
        (r'"scenes": [null]', "#/scenes/0"),
        (r'"scenes": [{"name": {"a": 1}, "image": "s3://b/k", "audio": "s3://b/k"}]', "#/scenes/0/name"),
        (r'"scenes": [{"name": "a", "image": "s3://b/k\n", "audio": "s3://b/k"}]', "#/scenes/0/image"),
        (r'"scenes": [{"name": "a", "image": "", "audio": "s3://b/k"}]', "#/scenes/0/image"),
        (r'"scenes": [{"name": "a\u202e\ud83c\udfac", "image": "s3://b/k", "audio": "s3://b/k"}]', "#/scenes/0/name"),
        (r'"output": "s3://"', "#/output"),
        (r'"output": "file:///etc/cron.d"', "#/output"),
        (r'"output": " file:///etc/cron.d"', "#/output"),
        (r'"output": "FILE:///etc/cron.d"', "#/output"),
        (r'"output": "file://localhost/etc"', "#/output"),
    ],
)
def test_values_that_nobody_means_are_mistakes(api: Api, queue: SceneQueue, more: str, place: str) -> None:
    """Control characters, numbers without bounds, the wrong shape, paths in disguise."""
    others = {key: value for key, value in job("a").items() if not more.startswith(f'"{key}"')}
    given = f"{json.dumps(others)[:-1]}, {more}}}"
    problem = check_problem(api.send(given.encode()), 422, "invalid")
    assert problem["errors"][0]["pointer"].startswith(place), problem
    assert queue.inspect.jobs() == []


def test_files_are_taken_from_shared_folders_only(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> None:
    """Neither dots nor a symbolic link lead out of them."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "link").symlink_to("/etc")
    root = f"file://{tmp_path}/shared"
    with serving(redis_url, namespace, file_roots=[tmp_path / "shared"]) as api:
        for place in (f"{root}/../x", f"{root}/link/passwd", f"{root}/%2e%2e/x", f"{root}x/a", "file:///", "file://", "file:x"):
            problem = check_problem(api.submit({**job(), "scenes": [scene("a", image=place)]}), 422, "invalid")
            assert [entry["pointer"] for entry in problem["errors"]] == ["#/scenes/0/image"], place
        body = {"scenes": [scene("a", image=f"{root}/a.jpg")], "output": f"{root}/out", "job_id": "j1"}
        assert api.submit(body).status_code == 202
        api.client.delete("/v1/jobs/j1")


def test_only_plain_json_is_read(api: Api) -> None:
    """A page of another site cannot send that, and nothing is unpacked."""
    body = json.dumps(job("a")).encode()
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
    ):
        check_problem(api.client.post("/v1/jobs", content=body, headers=headers), 415, "media-type")
    gzipped = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem = check_problem(api.client.post("/v1/jobs", content=body, headers=gzipped), 415, "content-encoding")
    assert problem["detail"] == "Content-Encoding 'gzip' is not supported"
    plain = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert api.client.post("/v1/jobs", content=body, headers=plain).status_code == 202


def test_a_long_value_is_not_sent_back_whole(api: Api) -> None:
    """Nor a hundred thousand mistakes."""
    answer = api.submit(job("x" * 30_000, *("?" for _ in range(200))))
    problem = check_problem(answer, 422, "invalid")
    assert len(problem["errors"]) == 101
    assert len(answer.content) < 40_000


def test_pointers_name_keys_as_they_are_written(api: Api) -> None:
    """Slashes and tildes in a key are escaped, a value's words are not taken for a field, and the article's names stay."""
    wrong = {"scene_name": "a/b", "image_path": "scene 1: x: y://z", "audio": "s3://b/k", "options": {"a/~b": 1}}
    errors = check_problem(api.submit({"scenes": [wrong], "output": "s3://b/o", "x/y": 1}), 422, "invalid")["errors"]
    assert [each["pointer"] for each in errors] == [
        *("#/x~1y", "#/scenes/0/scene_name", "#/scenes/0/options/a~1~0b", "#/scenes/0/image_path"),
    ]


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just("s3://b/k"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_SCENE = st.fixed_dictionaries(
    {"name": st.just("a") | _ANY, "image": st.just("s3://b/k") | _ANY, "audio": st.just("s3://b/k") | _ANY},
    optional={"options": st.dictionaries(st.sampled_from(["fps", "zoom", "crf", "subtitle_style"]), _ANY), "title": _ANY},
)
_BODY = st.fixed_dictionaries(
    {"scenes": st.lists(_SCENE, max_size=2) | _ANY, "output": st.just("s3://b/o") | _ANY},
    optional=dict.fromkeys(("options", "lane", "film", "labels", "callback_url", "max_attempts", "oops"), _ANY),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_BODY | _ANY)
def test_any_json_is_taken_or_refused_with_reasons(api: Api, body: Any) -> None:
    """Never an error of ours."""
    answer = api.send(json.dumps(body).encode())
    assert answer.status_code in {202, 400, 422}, answer.text
    assert answer.status_code == 202 or answer.json()["detail"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=50) | st.text(alphabet='[]{}",:0-1eE.\\u0tfn \n', max_size=40).map(str.encode))
def test_any_bytes_are_json_or_are_not(body: bytes) -> None:
    """Every accepted body is read with the values that Python's own parser gives."""
    try:
        value = parsed(body)
    except (BodyUnreadable, InvalidScenes):
        return
    assert value == json.loads(body)


def _sent(connection: socket.socket, data: bytes) -> bool:
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def _answer(api: Api, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(api.server.url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(request)
        return connection.recv(4096)


def test_a_number_is_not_taken_from_a_text_nor_from_true(api: Api, queue: SceneQueue) -> None:
    """Of options, of the film and of the submission itself, each with its place; a lane is a text, and stays one."""
    assert api.submit(job("good", lane="bulk", options={"zoom": 1})).status_code == 202
    body = job("a", options={"fps": True, "subtitle_style": {"box": "yes"}}, film={"crossfade_s": "1"})
    body["scenes"].append(scene("b", options={"zoom": "1"}))
    errors = check_problem(api.submit(body), 422, "invalid")["errors"]
    places = ["#/options/fps", "#/options/subtitle_style/box", "#/film/crossfade_s", "#/scenes/1/options/zoom"]
    assert [each["pointer"] for each in errors] == places
    check_problem(api.submit(job("a", max_attempts="3")), 422, "invalid")
    check_problem(api.submit(job("a", film="yes")), 422, "invalid")
    assert len(queue.inspect.jobs()) == 1


def test_a_key_that_is_there_twice_is_a_mistake(api: Api, queue: SceneQueue) -> None:
    """At any depth, with its name; the same key in several objects is none."""
    body = b'{"output": "s3://b/a", "output": "s3://b/o", "scenes": [{"name": "a", "options": {"fps": 24, "\\u0066ps": 30}}]}'
    errors = check_problem(api.send(body), 422, "invalid")["errors"]
    assert [each["detail"] for each in errors] == [
        "the key 'fps' is given more than once in one object",
        "the key 'output' is given more than once in one object",
    ]
    assert queue.inspect.jobs() == []
    assert parsed(b'[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]
