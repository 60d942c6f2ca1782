"""A login that Redis refuses while a command follows a job: a coded error, the exit code of an outage, and the way to go on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.jobs import submit
from tests.support.media import Media
from tests.support.redis_servers import BINARIES, Server, server
from tests.support.waiting import wait_until


@pytest.fixture
def guarded() -> Iterator[Server]:
    """A server with a user for operators."""
    with server(str(BINARIES["6.2"])) as made:
        made.admin.execute_command("ACL", "SETUSER", "ann", "on", ">right-word", "~*", "+@all", "&*")
        yield made


def _lock_out(guarded: Server, change: str) -> None:
    if change == "removed":
        guarded.admin.execute_command("ACL", "DELUSER", "ann")
    else:
        guarded.admin.execute_command("ACL", "SETUSER", "ann", "resetpass", ">another")
        for client in guarded.admin.client_list():
            if client.get("user") == "ann":
                guarded.admin.client_kill_filter(_id=client["id"])


def _ended(guarded: Server, change: str, argv: list[str]) -> tuple[int, str, str]:
    """Start a command, lock its user out when it follows a job, and return its exit code and output."""
    url = f"redis://ann:right-word@127.0.0.1:{guarded.port}/0"
    program = subprocess.Popen(
        [sys.executable, "-m", "sceneburst", *argv], env={**os.environ, "SCENEBURST_REDIS_URL": url},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: _follows(guarded.admin), "it waits for events")
        _lock_out(guarded, change)
        out, err = program.communicate(timeout=60)
    finally:
        program.kill()
    return program.returncode, out, err


def _follows(admin: "redis.Redis") -> bool:
    return any(client.get("user") == "ann" and client["cmd"] == "xread" for client in admin.client_list())


@pytest.mark.parametrize("change", ["password", "removed"])
def test_watch_in_json_ends_with_the_error_as_its_last_line(guarded: Server, change: str) -> None:
    """Nothing else is on standard output than JSON; standard error says the same in words."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=guarded.url))
    submit(queue, "a", 1)
    queue.close()
    code, out, err = _ended(guarded, change, ["watch", "a", "--json"])
    told = [json.loads(line) for line in out.splitlines()]
    assert code == Exit.UNAVAILABLE, err
    assert (told[-1]["event"], told[-1]["code"]) == ("error", "redis_login_lost")
    assert "refuses the login, which it has accepted before" in told[-1]["text"]
    assert err.splitlines()[-1] == "job a goes on; `sceneburst watch a` follows it again"
    assert "right-word" not in out + err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_submission_that_is_waited_for_ends_likewise(
    guarded: Server, media: Media, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """The job is there, and can be followed again."""
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    path = tmp_path / "job.json"
    path.write_text(json.dumps({"output": str(tmp_path / "out"), "scenes": [scene]}))
    code, out, err = _ended(guarded, "password", ["submit", str(path), "--job-id", "j", "--wait", *more])
    assert code == Exit.UNAVAILABLE, err
    assert [json.loads(line)["error"]["code"] for line in out.splitlines()] == ["redis_login_lost" for _ in more]
    assert err.splitlines()[-1] == "job j goes on; `sceneburst watch j` follows it again"
    assert len([line for line in err.splitlines() if "refuses the login" in line]) == 1
