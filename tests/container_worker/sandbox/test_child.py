"""A confined child: its input, its output, and its end."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from container_worker.sandbox.child import CpuTimeExceeded, Stopped, error_for_exit, run_child
from container_worker.sandbox.limits import Limits
from container_worker.sandbox.policy import confined
from scenequeue.errors import LimitExceeded, ToolFailed
from tests.support.clock import Clock
from tests.support.cpu_limits import MARGIN_S, CpuLimits

_ASKS = """
import sys, time
print("may I", flush=True)
print(sys.stdin.readline().strip(), flush=True)
time.sleep({after_s})
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which a child's time is counted."""
    clock = Clock()
    monkeypatch.setattr("container_worker.sandbox.child.time", clock)
    return clock


def _run(tmp_path: Path, program: str, clock: Clock | None = None, **more: object) -> list[str]:
    """Runs the program, answers its question, an hour later by the clock, and returns its lines."""
    heard: list[str] = []

    def hear(line: str) -> bytes | None:
        heard.append(line)
        if line != "may I":
            return None
        if clock is not None:
            clock.ahead_s += 3600
        return b"you may\n"

    argv = [sys.executable, "-I", "-S", "-c", program]
    run_child(argv, program="the child", folder=tmp_path, on_line=hear, **more)  # type: ignore[arg-type]
    return heard


def test_a_child_that_asks_is_answered_and_its_caller_may_take_its_time(tmp_path: Path, clock: Clock) -> None:
    """The time until the answer is not the child's."""
    assert _run(tmp_path, _ASKS.format(after_s=0), clock, limits=Limits(wall_s=600)) == ["may I", "you may"]


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """Its own time counts, before and after an answer."""
    with pytest.raises(LimitExceeded, match=r"the child ran longer than 0\.9 s"):
        _run(tmp_path, _ASKS.format(after_s=600), limits=Limits(wall_s=0.9))


def test_a_child_that_is_stopped_while_it_waits_is_gone(tmp_path: Path) -> None:
    """Within a moment, whatever it waits for."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        _run(tmp_path, "import sys; sys.stdin.readline()", limits=Limits(wall_s=60), should_stop=stop)


_CLOSES_ITS_PIPES = "import os, time; os.close(1); os.close(2); time.sleep(600)"


def test_a_child_that_has_closed_its_pipes_can_be_stopped(tmp_path: Path) -> None:
    """It goes on running, with nothing to be read from it."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        _run(tmp_path, _CLOSES_ITS_PIPES, limits=Limits(wall_s=60), should_stop=stop)


def test_a_child_that_has_closed_its_pipes_is_ended_in_time(tmp_path: Path) -> None:
    """Its limit goes on to count."""
    with pytest.raises(LimitExceeded, match=r"the child ran longer than 0\.5 s"):
        _run(tmp_path, _CLOSES_ITS_PIPES, limits=Limits(wall_s=0.5))


def test_a_child_that_reads_nothing_of_what_it_is_told_is_ended_in_time(tmp_path: Path) -> None:
    """More than a pipe holds is on its way, at its start or in answer."""
    with pytest.raises(LimitExceeded, match=r"the child ran longer than 0\.5 s"):
        _run(tmp_path, "import time; time.sleep(600)", limits=Limits(wall_s=0.5), stdin=bytes(10**6))


def test_a_child_is_told_more_than_a_pipe_holds(tmp_path: Path) -> None:
    """As much as it reads, while it talks itself."""
    program = "import sys; print(len(sys.stdin.buffer.read(10**6))); print(sys.stdin.buffer.read(3))"
    heard: list[str] = []

    def hear(line: str) -> bytes | None:
        heard.append(line)
        return b"end" if len(heard) == 1 else None

    argv = [sys.executable, "-I", "-S", "-u", "-c", program]
    run_child(argv, program="the child", folder=tmp_path, limits=Limits(wall_s=60), stdin=bytes(10**6), on_line=hear)
    assert heard == ["1000000", "b'end'"]


def test_a_child_that_a_real_time_signal_ends_is_told_by_its_number(tmp_path: Path) -> None:
    """It has no name."""
    with pytest.raises(ToolFailed, match="the child was killed by signal 40"):
        _run(tmp_path, "import signal; signal.raise_signal(40)", limits=Limits(wall_s=60))
    assert "signal 6 (SIGABRT)" in str(error_for_exit(-6, "", "the child"))


def test_a_program_that_cannot_be_executed_is_named_with_the_words_of_the_system(tmp_path: Path) -> None:
    """And with the user that it was to run as, on which that may depend."""
    program = tmp_path / "program"
    program.write_text("no program")
    with pytest.raises(
        ToolFailed, match=f"^the child cannot be executed \\({program}, uid [0-9]+: Permission denied\\)$"
    ) as caught:
        run_child([str(program)], program="the child", folder=tmp_path, limits=Limits(wall_s=60))
    assert caught.value.reason.code == "program_not_run"


@pytest.mark.parametrize(("given_s", "soft_s"), [(20, 15), (4, 1)])
def test_the_cpu_limit_that_is_told_comes_before_the_one_that_is_not(given_s: int, soft_s: int) -> None:
    """For a child's child too, and where the limit was there already."""
    show = [sys.executable, "-I", "-S", "-c", "import resource; print(*resource.getrlimit(resource.RLIMIT_CPU))"]
    limits = CpuLimits(cpu_s=given_s - MARGIN_S)
    ran = subprocess.run(confined(confined(show), limits), capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(soft_s), str(given_s)]


def test_a_child_that_uses_too_much_cpu_time_is_told_so(tmp_path: Path) -> None:
    """By SIGXCPU, before SIGKILL says nothing."""
    with pytest.raises(CpuTimeExceeded):
        _run(tmp_path, "while True: pass", limits=CpuLimits(cpu_s=1, wall_s=120))


def test_a_child_that_ends_before_it_is_told_anything_is_no_error_of_ours(tmp_path: Path) -> None:
    """Its exit code says how it ended."""
    assert _run(tmp_path, "print('may I')", limits=Limits(wall_s=60), stdin=b"x" * 60_000) == ["may I"]


def test_a_child_whose_libraries_found_no_room_has_reached_its_memory_limit(tmp_path: Path) -> None:
    """The loader's words for it are no fault of the tool."""
    program = "raise ImportError('cv2.abi3.so: failed to map segment from shared object')"
    with pytest.raises(LimitExceeded, match="more memory than it may"):
        _run(tmp_path, program, limits=Limits(wall_s=60))


def test_a_child_that_floods_its_caller_with_lines_is_stopped_between_two_of_them(tmp_path: Path) -> None:
    """Thousands come at once, and each takes its time."""
    stop, heard = threading.Event(), 0

    def on_line(_line: str) -> None:
        nonlocal heard
        heard += 1
        stop.set()

    with pytest.raises(Stopped):
        run_child(
            [sys.executable, "-c", "print('x\\n' * 20_000)"],
            program="it", limits=Limits(), folder=tmp_path, should_stop=stop, on_line=on_line,
        )  # fmt: skip
    assert heard == 1
