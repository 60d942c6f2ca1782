"""Callers of the HTTP API: authentication, rate limits and names."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from sceneburst.access.secrets import fresh_key, hash_of
from sceneburst.http_api.server import ApiServer
from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.settings import ApiSettings
from tests.sceneburst.http_api.serving import Api, check_problem, serving
from tests.support.waiting import wait_until


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Api]:
    """An API with one key."""
    with serving(redis_url, namespace) as api:
        yield api


@pytest.mark.parametrize("header", [None, "", "Bearer", "bearer x y", "Bearer wrong", "Basic c2hvcDpzaG9w", "Bearer \xff\xfe"])
def test_without_a_known_key_nothing_is_told(api: Api, header: str | None) -> None:
    """Neither how jobs stand nor whether there are any."""
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method, path in (("GET", "/v1/depth"), ("GET", "/v1/jobs/j1"), ("DELETE", "/v1/jobs/j1"), ("POST", "/v1/jobs")):
        answer = httpx.request(method, f"{api.server.url}{path}", headers=headers)
        check_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_body_without_a_key_is_not_read(api: Api) -> None:
    """The refusal comes while it is still being sent."""
    head = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", int(api.server.url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_probes_and_the_description_need_no_key(api: Api) -> None:
    """A load balancer has none."""
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert httpx.get(f"{api.server.url}{path}").status_code == 200


def _as(api: Api, key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_of_the_queue_holds_at_once_with_its_role_until_it_is_revoked(api: Api, queue: SceneQueue) -> None:
    """Without a restart; each route says which role it needs. A key of the settings has the role operate."""
    looker, operator = fresh_key(), fresh_key()
    assert queue.access.make_key("looker", hash_of(looker), "look", "ann") == 1
    assert queue.access.make_key("night", hash_of(operator), "operate", "ann") == 1
    url = api.server.url
    wait_until(lambda: httpx.get(f"{url}/v1/depth", headers=_as(api, looker)).status_code == 200, "the key holds")
    for method, path in (("POST", "/v1/jobs"), ("POST", "/v1/transcodes"), ("POST", "/transcode"), ("DELETE", "/v1/jobs/j1")):
        refused = httpx.request(method, f"{url}{path}", headers=_as(api, looker))
        told = check_problem(refused, 403, "forbidden")
        assert (told["code"], told["parameters"]["needed"]) == ("role_too_low", "operate")
        for key in (operator, api.key):
            assert httpx.request(method, f"{url}{path}", headers=_as(api, key)).status_code not in {401, 403}
    queue.access.revoke_key("looker", "ann")
    wait_until(lambda: httpx.get(f"{url}/v1/depth", headers=_as(api, looker)).status_code == 401, "the key is refused")


def test_hashes_and_malformed_keys_open_nothing(api: Api, queue: SceneQueue) -> None:
    """Whoever reads the queue or the settings learns no key."""
    queue.access.make_key("shop2", hash_of("x"), "look")
    for key in (hash_of(api.key), hash_of("x"), "x" * 5000, "%00", "*"):
        check_problem(httpx.get(f"{api.server.url}/v1/depth", headers=_as(api, key)), 401, "unauthorized")


def test_an_api_is_not_open_by_mistake() -> None:
    """Keys, or said to be open and reachable from this machine alone; what a malformed setting holds is not printed."""
    for named, said in (
        ({"api_open": True, "api_host": "0.0.0.0"}, "only on a loopback address"),
        ({"api_open": True, "api_keys": {"a": "0" * 64}}, "contradicts"),
        ({"api_keys": {"a": "0" * 64}, "api_host": "192.0.2.1", "api_port": 0}, "cannot listen"),
        ({"api_keys": "hush"}, "SCENEBURST_API_KEYS"),
        ({"api_keys": '{"a": "hush"}'}, "SCENEBURST_API_KEYS"),
        ({"api_keys": "[]"}, "SCENEBURST_API_KEYS"),
    ):
        with pytest.raises(SettingsError, match=said) as caught:
            ApiServer(ApiSettings.load(**named))
        assert "hush" not in str(caught.value)


def test_an_open_api_answers_to_its_own_name_only(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """A page in a browser on this machine cannot reach it under a name of its own."""
    with serving(redis_url, namespace, api_keys={}, api_open=True) as api:
        assert httpx.get(f"{api.server.url}/v1/depth").status_code == 200
        port = api.server.url.rpartition(":")[2]
        for host, status in ((f"localhost:{port}", 200), ("evil.example", 421), ("[::1]", 200), ("[", 421), ("", 421)):
            assert httpx.get(f"{api.server.url}/v1/depth", headers={"Host": host}).status_code == status, host


def test_who_asks_too_often_is_told_when_to_come_back(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Each key has its own allowance, and probes need none."""
    other = fresh_key()
    queue.access.make_key("other", hash_of(other), "look")
    with serving(redis_url, namespace, api_requests_per_s=0.02, api_burst=3) as api:
        answers = [api.client.get("/v1/depth") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        check_problem(answers[3], 429, "too-many-requests")
        assert 0 < int(answers[3].headers["retry-after"]) <= 50
        assert httpx.get(f"{api.server.url}/v1/depth", headers={"Authorization": f"Bearer {other}"}).status_code == 200
        assert api.client.get("/healthz").status_code == 200
