"""Connections that say nothing, or too slowly, do not shut the HTTP API."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from sceneburst.web.connections import connection_limit
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import Api, serving
from tests.support.waiting import wait_until

_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Api]:
    """An API with few connections, whose requests' heads may take as long as it likes; see `_in_a_hurry`."""
    with serving(redis_url, namespace, api_connections=20, api_head_s=600.0) as api:
        yield api


def _in_a_hurry(api: Api, head_s: float = 0.25) -> None:
    """Let the heads of requests take a quarter of a second from now on."""
    api.server.config.http.head_s = head_s  # type: ignore[union-attr]


def _connected(api: Api) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(api.server.url.rpartition(":")[2])), timeout=60)


def _answer_to(connection: socket.socket) -> bytes:
    connection.sendall(_REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65536)
    return answer


def test_a_connection_that_sends_nothing_is_closed(api: Api) -> None:
    """After the time that a head may take."""
    _in_a_hurry(api)
    with _connected(api) as silent:
        assert silent.recv(1) == b""


def test_a_head_that_drips_has_one_limit_for_all_of_it(api: Api) -> None:
    """However regularly a byte comes."""
    _in_a_hurry(api)
    with _connected(api) as dripping, contextlib.suppress(ConnectionError):
        dripping.sendall(b"GET /healthz HTTP/1.1\r\n")
        dripping.settimeout(0.05)
        for _ in range(1000):
            dripping.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                assert dripping.recv(1) == b""
                return
        pytest.fail("it was never closed")


def test_a_second_head_has_its_limit_too(api: Api) -> None:
    """A connection that was answered may be silent; once it has begun to ask again it has to go on."""
    with _connected(api) as kept:
        assert b"200 OK" in _answer_to(kept)
        _in_a_hurry(api)
        kept.sendall(b"GET /hea")
        assert kept.recv(1) == b""


def test_an_answered_connection_is_kept(api: Api) -> None:
    """For longer than a head may take: load balancers keep connections for a minute."""
    with _connected(api) as kept:
        assert b"200 OK" in _answer_to(kept)
        _in_a_hurry(api)
        with _connected(api) as silent:
            assert silent.recv(1) == b"", "the time of a head has passed"
        _in_a_hurry(api, 600.0)
        assert b"200 OK" in _answer_to(kept)


def test_more_silent_connections_than_there_is_room_for_shut_nobody_out(
    queue: SceneQueue, redis_url: str, namespace: str
) -> None:
    """The oldest makes room, and the log says so once."""
    with (
        capture_logs() as logged,
        serving(redis_url, namespace, api_connections=20, api_head_s=600.0) as api,
        contextlib.ExitStack() as open_ones,
    ):
        silent = [open_ones.enter_context(_connected(api)) for _ in range(60)]
        assert api.client.get("/v1/depth").status_code == 200
        assert silent[0].recv(1) == b"", "the oldest was closed"
        assert api.client.get("/v1/depth").status_code == 200
    assert [line["limit"] for line in logged if line["event"] == "too many connections"] == [20]


def test_the_limit_leaves_descriptors_for_everything_else() -> None:
    """A process that may open 1,024 files has no room for 10,000 connections."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert connection_limit(10**9) == descriptors - 256
    assert connection_limit(17) == 17


_FEW_DESCRIPTORS = 300


@contextlib.contextmanager
def _program_with_few_descriptors(redis_url: str, namespace: str, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The real program, and where it listens."""
    environment = {
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_API_OPEN": "true",
        "SCENEBURST_API_PORT": "0",
        "SCENEBURST_LOG_FORMAT": "json",
    }
    limited = f'ulimit -n {_FEW_DESCRIPTORS} && exec "$0" -m sceneburst api'
    with log.open("wb") as sink:
        process = subprocess.Popen(["/bin/sh", "-c", limited, sys.executable], env={**os.environ, **environment}, stderr=sink)

    def listens() -> str:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        return next((str(line["url"]) for line in lines if line["event"] == "api listens"), "")

    try:
        yield process, wait_until(listens, "it listens")
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("queue")
def test_a_flood_at_the_door_costs_no_more_descriptors_than_there_are(redis_url: str, namespace: str, tmp_path: Path) -> None:
    """Connections that have gathered while the program could not look are taken in a few at a time."""
    log = tmp_path / "log"
    with _program_with_few_descriptors(redis_url, namespace, log) as (process, url), contextlib.ExitStack() as open_ones:
        process.send_signal(signal.SIGSTOP)
        for _ in range(_FEW_DESCRIPTORS + 100):
            flood = open_ones.enter_context(socket.socket())
            flood.setblocking(False)
            flood.connect_ex(("127.0.0.1", int(url.rpartition(":")[2])))
        process.send_signal(signal.SIGCONT)
        assert httpx.get(f"{url}/healthz", timeout=60, trust_env=False).status_code == 200
    assert "out of system resource" not in log.read_text()
