"""`sceneburst queue --watch`: live on a terminal, a block per change in a pipe, a line per look for programs."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from typing import IO

import pytest

from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.sceneburst.program import PROGRAM
from tests.scenequeue.jobs import submit

_WATCH = [*PROGRAM, "queue", "--watch"]


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Programs of a test, which end with it."""
    found: list[subprocess.Popen[str]] = []
    yield found
    for program in found:
        program.kill()
        program.communicate()


def _lines_until(text: str, stream: IO[str]) -> list[str]:
    """The next lines, to the first one with this text."""
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        line = stream.readline()
        assert line, lines
        lines.append(line.rstrip("\n"))
    return lines


def test_a_pipe_gets_a_block_per_change_and_nothing_after_ctrl_c(
    started: list[subprocess.Popen[str]], queue: SceneQueue, environment: dict[str, str]
) -> None:
    """An unchanged view is not told again."""
    program = subprocess.Popen(_WATCH, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(program)
    assert program.stdout is not None
    first = _lines_until("containers: ", program.stdout)
    assert first[0] == "no dispatcher"
    queue.operator.pause(lane=Lane.BULK, by="ann@ops", why="disk full")
    second = _lines_until("containers: ", program.stdout)
    assert {"lane bulk paused  for 0 s", '  ann@ops paused it: "disk full"'} <= {
        line.replace("for 1 s", "for 0 s") for line in second
    }
    assert sum(line == "no dispatcher" for line in second) == 1
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert (program.returncode, out.strip(), "Traceback" in err) == (130, "", False)


def test_json_is_one_line_per_look(started: list[subprocess.Popen[str]], queue: SceneQueue, environment: dict[str, str]) -> None:
    """The whole view, changed or not."""
    submit(queue, "a", 2)
    program = subprocess.Popen([*_WATCH, "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started.append(program)
    assert program.stdout is not None
    first, second = (json.loads(program.stdout.readline()) for _ in range(2))
    assert first["numbers"]["ready"] == second["numbers"]["ready"] == 2
    assert first["at_ms"] < second["at_ms"]
    assert first["troubles"][0]["title"]["text"] == "no dispatcher"
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=30)
    assert program.returncode == 130


@pytest.mark.parametrize("columns", [60, 120])
def test_a_terminal_shows_it_on_a_screen_that_goes_away(
    started: list[subprocess.Popen[str]], queue: SceneQueue, environment: dict[str, str], columns: int
) -> None:
    """Ctrl-C gives the terminal back as it was: its lines, and its cursor."""
    ours, theirs = pty.openpty()
    surroundings = {**environment, "COLUMNS": str(columns), "LINES": "30", "TERM": "xterm-256color"}
    program = subprocess.Popen(_WATCH, env=surroundings, stdout=theirs, stderr=subprocess.PIPE, text=True)
    started.append(program)
    os.close(theirs)
    shown = b""
    while b"starting" not in shown:
        shown += os.read(ours, 65536)
    program.send_signal(signal.SIGINT)
    try:
        while more := os.read(ours, 65536):
            shown += more
    except OSError:
        # Linux says so where the other end is closed.
        pass
    os.close(ours)
    _, err = program.communicate(timeout=30)
    assert (program.returncode, "Traceback" in err) == (130, False)
    assert b"no dispatcher" in shown
    assert shown.count(b"\x1b[?1049h") == shown.count(b"\x1b[?1049l") == 1
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
