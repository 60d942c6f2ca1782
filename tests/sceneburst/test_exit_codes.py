"""Exit codes of commands that follow a job, as docs/operators.md lists them: 1 for a job that was cancelled, 130 for Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sceneburst.commands.render import verdict
from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.scenequeue.jobs import submit
from tests.support.media import Media
from tests.support.waiting import wait_until

Following = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def following(queue: SceneQueue, redis_url: str, namespace: str) -> Following:
    """Starts a command that follows a job, and waits until it does."""
    client = queue._connection.client

    def start(*words: str) -> "subprocess.Popen[str]":
        before = {each["id"] for each in client.client_list()}
        named = {"SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace}
        program = subprocess.Popen(
            [sys.executable, "-m", "sceneburst", *words], env={**os.environ, **named},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until(
            lambda: any(each["cmd"] == "xread" and each["id"] not in before for each in client.client_list()),
            "it waits for the job's events",
        )
        return program

    return start


@pytest.fixture
def submission(media: Media, tmp_path: Path) -> tuple[str, ...]:
    """A submission of one scene that is waited for."""
    scene = {"name": "a", "image": str(media.image()), "audio": str(media.tone("n.wav", 0.2))}
    path = tmp_path / "job.json"
    path.write_text(json.dumps({"output": str(tmp_path / "out"), "scenes": [scene]}))
    return ("submit", str(path), "--job-id", "j", "--wait")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_submission_that_is_cancelled_while_it_is_waited_for_is_exit_1(
    queue: SceneQueue, following: Following, submission: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """It says so, and nothing was rendered."""
    program = following(*submission, *more)
    queue.producer.cancel("j")
    out, err = program.communicate(timeout=60)
    assert program.returncode == Exit.FAILED, err
    assert json.loads(out)["state"] == "cancelled" if more else out.startswith("job j: 1 scene, cancelled\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_submission_that_is_interrupted_while_it_is_waited_for_is_exit_130(
    following: Following, submission: tuple[str, ...], number: signal.Signals
) -> None:
    """The job goes on."""
    program = following(*submission)
    program.send_signal(number)
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (Exit.INTERRUPTED, ""), err
    assert err.splitlines()[-1] == "interrupted; job j goes on; `sceneburst watch j` follows it again"


def test_a_cancelled_job_that_is_watched_is_exit_1(console: Console, queue: SceneQueue) -> None:
    """As one of which scenes failed."""
    submit(queue, "a", 2)
    queue.producer.cancel("a")
    assert console("watch", "a").code == console("watch", "a", "--json").code == Exit.FAILED


@pytest.mark.parametrize("expected", [set(), {"a"}])
def test_a_rendering_that_was_cancelled_is_exit_1(expected: set[str]) -> None:
    """Its scenes have no results, whichever are expected to fail."""
    assert verdict({"scenes": [], "totals": {"scenes": 2}}, expected, set()) is Exit.FAILED
