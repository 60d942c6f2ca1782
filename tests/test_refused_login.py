"""A wrong password ends a program that starts; one that was changed meanwhile is waited for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog

from container_worker.exit_codes import Exit
from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.support.redis_servers import BINARIES, Server, server


@pytest.fixture(params=[name for name, binary in BINARIES.items() if binary])
def locked(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that asks for a password."""
    with server(str(BINARIES[request.param]), "--requirepass", "right") as made:
        yield made


def _url(locked: Server, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{locked.port}/0"


def _environment(locked: Server, password: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ, "SCENEBURST_REDIS_URL": _url(locked, password), "SCENEBURST_STATE_DIR": str(folder / "fleet"),
        "SCENEBURST_TICK_S": "0.3", "SCENEBURST_LOG_FORMAT": "json", "SCENEBURST_API_OPEN": "true", "SCENEBURST_API_PORT": "0",
    }  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [["-m", "container_worker"], ["-m", "dispatcher"], ["-m", "sceneburst.http_api"], ["-m", "sceneburst", "dispatcher"],
     ["-m", "sceneburst", "queue"], ["-m", "sceneburst", "dispatcher", "--once"]],
    ids=" ".join,
)  # fmt: skip
def test_a_program_with_a_wrong_password_ends_at_once_and_says_so_in_one_line(
    locked: Server, tmp_path: Path, argv: list[str]
) -> None:
    """With the code for settings, and without the password."""
    ended = subprocess.run(
        [sys.executable, *argv], env=_environment(locked, "hush", tmp_path), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert ended.returncode == Exit.MISCONFIGURED == 2, said
    assert len([line for line in said.splitlines() if "refuses the login" in line]) == 1, said
    assert "Traceback" not in said
    assert "hush" not in said
    # Whoever starts programs reads that as the sign that the API serves.
    assert "api listens" not in said


def test_a_password_that_is_wanted_and_not_given_is_said_in_plain_words(locked: Server) -> None:
    """Not in Redis's own, which are about its protocol."""
    url = f"redis://127.0.0.1:{locked.port}/0"
    with pytest.raises(SettingsError, match="it wants a password, and none is given; are user and password"):
        SceneQueue(SceneburstSettings.load(redis_url=url)).ping()


@pytest.mark.parametrize("change", ["password", "user"])
def test_a_login_that_was_accepted_before_is_waited_for_with_one_alarm(locked: Server, change: str) -> None:
    """The password is rotated: an outage until it is given back, or the program started with the new one."""
    locked.admin.execute_command("ACL", "SETUSER", "w", "on", ">right", "~*", "+@all", "&*")
    user = "" if change == "password" else "w"
    queue = SceneQueue(SceneburstSettings.load(redis_url=f"redis://{user}:right@127.0.0.1:{locked.port}/0"))
    record = ContainerRecord(container_id=ContainerId("c1"))
    queue.worker.beat(record)
    other = redis.Redis(port=locked.port, username="w", password="right", decode_responses=True)
    other.ping()
    if change == "password":
        other.config_set("requirepass", "new")
    else:
        other.execute_command("ACL", "SETUSER", "w", "resetpass", ">new")
    locked_admin = other if change == "password" else locked.admin
    locked_admin.client_kill_filter(_type="normal", skipme=True)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(QueueUnavailable, match="refuses the login"):
                queue.worker.beat(record)
    alarms = [entry for entry in logs if entry["event"] == "redis refuses the login"]
    assert [entry["log_level"] for entry in alarms] == ["error"]
    if change == "password":
        other.config_set("requirepass", "right")
    else:
        locked.admin.execute_command("ACL", "SETUSER", "w", "resetpass", ">right")
    queue.worker.beat(record)
    queue.close()
    other.close()
