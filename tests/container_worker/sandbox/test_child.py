"""One confined child: what it is told, what it says, how it ends."""

import sys
import threading
import time
from pathlib import Path

import pytest

from container_worker.sandbox.child import Stopped, run_child
from container_worker.sandbox.limits import Limits
from scenequeue.errors import LimitExceeded

_ASKS = """
import sys, time
print("may I", flush=True)
print(sys.stdin.readline().strip(), flush=True)
time.sleep({after_s})
"""


def _run(tmp_path: Path, program: str, **more: object) -> list[str]:
    heard: list[str] = []

    def hear(line: str) -> bytes | None:
        heard.append(line)
        if line == "may I":
            time.sleep(2.0)
            return b"you may\n"
        return None

    argv = [sys.executable, "-I", "-S", "-c", program]
    run_child(argv, program="the child", folder=tmp_path, on_line=hear, **more)  # type: ignore[arg-type]
    return heard


def test_a_child_that_asks_is_answered_and_its_caller_may_take_its_time(tmp_path: Path) -> None:
    """The time until the answer is not the child's."""
    assert _run(tmp_path, _ASKS.format(after_s=0), limits=Limits(wall_s=1.9)) == ["may I", "you may"]


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """Its own time counts, before and after an answer."""
    with pytest.raises(LimitExceeded, match=r"the child ran longer than 1\.9 s"):
        _run(tmp_path, _ASKS.format(after_s=60), limits=Limits(wall_s=1.9))


def test_a_child_that_is_stopped_while_it_waits_is_gone(tmp_path: Path) -> None:
    """Within a moment, whatever it waits for."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        _run(tmp_path, "import sys; sys.stdin.readline()", limits=Limits(wall_s=60), should_stop=stop)


def test_a_child_that_ends_before_it_is_told_anything_is_no_error_of_ours(tmp_path: Path) -> None:
    """Its exit code says how it ended."""
    assert _run(tmp_path, "print('may I')", limits=Limits(wall_s=60), stdin=b"x" * 60_000) == ["may I"]


def test_a_child_whose_libraries_found_no_room_has_reached_its_memory_limit(tmp_path: Path) -> None:
    """The loader's words for it are no fault of the tool."""
    program = "raise ImportError('cv2.abi3.so: failed to map segment from shared object')"
    with pytest.raises(LimitExceeded, match="more memory than it may"):
        _run(tmp_path, program, limits=Limits(wall_s=60))
