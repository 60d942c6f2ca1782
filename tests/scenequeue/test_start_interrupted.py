"""A signal while a program loads its modules: no traceback; the exit code is 130, and a service's 0."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

#: Each program, with how many modules it loads at least before it is what it is.
_PROGRAMS = {"sceneburst submit film.yaml": 380, "container_worker": 200}
#: Those that run until they are told to leave.
_SERVICES = {"dispatcher": 800, "sceneburst dispatcher": 700, "sceneburst.http_api": 500, "sceneburst api": 600}
_MOMENTS = 10
#: The least that a pipe holds: so a program is never more than some forty modules ahead of what has been read.
_PIPE_BYTES = 4096


@pytest.mark.parametrize("program", _PROGRAMS)
def test_ctrl_c_while_modules_load_is_quiet(program: str) -> None:
    """At ten moments, told by the modules that have been loaded until then."""
    for moment in range(_MOMENTS):
        count = 1 + _PROGRAMS[program] * moment // _MOMENTS
        code, said = _signalled_after(program.split(), count, signal.SIGINT)
        assert code == 130, f"after {count} modules"
        # A command that has begun says that it was interrupted.
        assert all(line.startswith("interrupted") and program.startswith("sceneburst ") for line in said), said


@pytest.mark.parametrize("program", _SERVICES)
def test_a_service_that_is_told_to_leave_while_modules_load_ends_with_0(program: str) -> None:
    """By SIGTERM and SIGINT in turn, at ten moments: whoever supervises it sees that it did as it was told."""
    for moment in range(_MOMENTS):
        count = 1 + _SERVICES[program] * moment // _MOMENTS
        number = (signal.SIGTERM, signal.SIGINT)[moment % 2]
        assert _signalled_after(program.split(), count, number) == (0, []), f"{number.name} after {count} modules"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_interrupted_while_it_tries_out_its_confinement_leaves_nothing(number: int, tmp_path: Path) -> None:
    """Its trial has a folder; whether the signal still meets it or the worker after it, nothing is left."""
    environment = {**os.environ, "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1", "TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-m", "container_worker"]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as child:
        wait_until(lambda: child.poll() is not None or any(tmp_path.iterdir()), "the trial has begun")
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    assert child.returncode in {10, 130}
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def _signalled_after(program: list[str], count: int, number: signal.Signals) -> tuple[int, list[str]]:
    """Send a signal to a program when it has loaded `count` modules; returns its exit code and lines but for module names."""
    argv = [sys.executable, "-X", "importtime", "-m", *program]
    # Nobody listens there: whoever has loaded all goes on to wait, or ends with another code.
    environment = {**os.environ, "SCENEBURST_REDIS_URL": "redis://127.0.0.1:1", "SCENEBURST_API_PORT": "0"}
    with subprocess.Popen(
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pipesize=_PIPE_BYTES
    ) as child:
        assert child.stderr is not None
        said = _loaded(child.stderr)
        while not next(said).endswith("scenequeue.start"):
            pass
        for _ in range(count):
            next(said)
        child.send_signal(number)
        rest = [line for line in child.stderr if not line.startswith("import time:")]
        wait_until(lambda: child.poll() is not None, "it has ended")
    return child.returncode, rest


def _loaded(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        assert line.startswith("import time:"), line
        yield line.rstrip()
