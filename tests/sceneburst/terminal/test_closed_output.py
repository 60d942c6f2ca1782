"""Commands whose reader goes away, as `| head -1` does: they end quietly, and their work is cleaned up."""

import os
import subprocess
import sys

import pytest

from sceneburst.exit_codes import Exit
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit

_PROGRAM = [sys.executable, "-m", "sceneburst"]


def _ended_without_reader(words: list[str], *streams: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command with these of its streams closed at the other end."""
    reading, writing = os.pipe()
    os.close(reading)
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **dict.fromkeys(streams, writing)}
    try:
        return subprocess.run([*_PROGRAM, *words], env={**os.environ, **more}, text=True, timeout=60, check=False, **given)
    finally:
        os.close(writing)


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [(["--help"], ""), (["version"], ""), (["version", "--json"], "1"), (["limits", "-h"], "1")],
)
def test_a_command_whose_output_nobody_reads_ends_like_one_that_sigpipe_ends(words: list[str], unbuffered: str) -> None:
    """Text, JSON and help alike, and without a line on standard error."""
    ended = _ended_without_reader(words, "stdout", PYTHONUNBUFFERED=unbuffered)
    assert (ended.returncode, ended.stderr) == (Exit.OUTPUT_CLOSED, "")


@pytest.mark.parametrize("words", [["status"], ["status", "a", "--namespace", "a b"], ["nothing"]])
def test_an_error_that_nobody_reads_ends_likewise(words: list[str]) -> None:
    """As in `2>&1 | head -1`."""
    ended = _ended_without_reader([*words, "--json"], "stdout", "stderr")
    assert ended.returncode == Exit.OUTPUT_CLOSED


def test_a_command_that_prints_lines_ends_with_the_first_that_nobody_reads(
    queue: SceneQueue, redis_url: str, namespace: str
) -> None:
    """The job that is followed goes on."""
    submit(queue, "a", 1)
    named = {"SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace}
    argv = [*_PROGRAM, "watch", "a", "--json"]
    program = subprocess.Popen(argv, env={**os.environ, **named}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("{")
        program.stdout.close()
        queue.producer.cancel("a")
        assert program.wait(60) == Exit.OUTPUT_CLOSED
        assert program.stderr is not None
        assert program.stderr.read() == ""
    finally:
        program.kill()
        program.wait()
        if program.stderr:
            program.stderr.close()
