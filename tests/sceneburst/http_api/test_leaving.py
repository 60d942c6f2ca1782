"""The API as a program: it starts only with a key, and finishes what runs when it is told to leave."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sceneburst.access.secrets import fresh_key, hash_of
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import job, own_redis
from tests.support.waiting import wait_until


@contextmanager
def _program(environment: dict[str, str], log: Path, *argv: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The real program, and where it listens."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", *(argv or ("sceneburst", "api"))],
            env={**os.environ, "SCENEBURST_API_PORT": "0", "SCENEBURST_LOG_FORMAT": "json", **environment},
            stderr=sink,
        )
    try:
        yield process, wait_until(lambda: _listening(log), "it listens")
    finally:
        process.kill()
        process.wait()


def _listening(log: Path) -> str:
    entries = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return next((str(entry["url"]) for entry in entries if entry["event"] == "api listens"), "")


@pytest.mark.parametrize("argv", [("sceneburst", "api"), ("sceneburst.http_api",)])
def test_told_to_leave_it_finishes_what_runs(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path, argv: tuple[str, ...]
) -> None:
    """A body that is still coming is taken, a stream is ended, a new connection refused; no secret is in the log."""
    key = fresh_key()
    environment = {
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_API_KEYS": json.dumps({"shop": hash_of(key)}),
    }
    body = json.dumps(job("a", job_id="j1")).encode()
    head = f"POST /v1/jobs?secret=hush HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    log = tmp_path / "log"
    with _program(environment, log, *argv) as (process, url):
        port, headers = int(url.rpartition(":")[2]), {"Authorization": f"Bearer {key}"}
        assert httpx.post(f"{url}/v1/jobs", json=job("a", job_id="j0"), headers=headers).status_code == 202
        with (
            httpx.stream("GET", f"{url}/v1/jobs/j0/events", headers=headers, timeout=60) as response,
            socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
        ):
            lines = response.iter_lines()
            assert next(lines).startswith("retry:")
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
            assert _is_served(url)
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: not _is_served(url), "no more connections are taken")
            connection.sendall(body[20:])
            assert connection.recv(4096).startswith(b"HTTP/1.1 202 ")
            assert ": the API leaves; connect again" in list(lines)
        assert process.wait(60) == 0
    assert queue.producer.status("j1").counts.ready == 1
    said = log.read_text()
    assert "api leaves" in said
    assert key not in said
    assert hash_of(key) not in said
    assert "hush" not in said
    for job_id in ("j0", "j1"):
        queue.producer.cancel(job_id)


def test_a_frozen_redis_does_not_keep_it_from_leaving(tmp_path: Path) -> None:
    """At the end of the grace, with an answer for who still waits."""
    environment = {"SCENEBURST_API_OPEN": "true", "SCENEBURST_API_GRACE_S": "1"}
    log = tmp_path / "log"
    with own_redis() as redis, _program({"SCENEBURST_REDIS_URL": redis.url, **environment}, log) as (process, url):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        os.kill(redis.pid, signal.SIGSTOP)
        try:
            with socket.create_connection(address, timeout=60) as connection:
                connection.sendall(b"GET /v1/depth HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert _is_served(url)
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
                answer = connection.recv(4096)
        finally:
            os.kill(redis.pid, signal.SIGCONT)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"urn:sceneburst:problem:leaving" in answer
    assert "Traceback" not in log.read_text()


def _is_served(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_it_does_not_start_open_to_others(redis_url: str) -> None:
    """One line that says what to do, and the exit code of a wrong setting."""
    environment = {**os.environ, "SCENEBURST_API_OPEN": "true", "SCENEBURST_API_HOST": "0.0.0.0"}
    for argv in (("sceneburst", "api"), ("sceneburst.http_api",)):
        done = subprocess.run([sys.executable, "-m", *argv], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "only on a loopback address" in done.stderr
        assert "Traceback" not in done.stderr
