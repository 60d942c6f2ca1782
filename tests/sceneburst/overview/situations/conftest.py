"""Real programs on a queue, and an operator who looks at it once a second."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatcher.fleets.process import ProcessFleet
from sceneburst.overview.facts import FactReader
from sceneburst.overview.trouble import Trouble
from sceneburst.overview.view import overview_of
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from tests.container_worker.conftest import start_worker

__all__ = ["start_worker"]

#: Seconds from the moment that the system can know a trouble until it stands in the view; between two looks.
_BAR_S, _LOOK_S = 2.0, 1.0
_FIRST = 3
_PATIENCE_S = 180.0

Seen = Callable[[str, Callable[[], object]], Trouble]
StartDispatcher = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def seen(queue: SceneQueue) -> Seen:
    """Looks as the page does, until a trouble is among the first; it must be there two seconds after it can be known."""
    return lambda key, is_known: see(queue, key, is_known)


def see(queue: SceneQueue, key: str, is_known: Callable[[], object]) -> Trouble:
    """Return the trouble whose key begins so.

    Args:
        queue: the queue, as an operator.
        key: beginning of the trouble's key.
        is_known: returns something true from the moment at which the system can know the trouble.
    """
    reader = FactReader(queue)
    known_s: float | None = None
    next_s = began_s = time.monotonic()
    while True:
        if known_s is None and is_known():
            known_s = time.monotonic()
        if time.monotonic() >= next_s:
            next_s += _LOOK_S
            troubles = overview_of(reader.read()).troubles
            if found := _among_first(troubles, key):
                late_s = time.monotonic() - (known_s or time.monotonic())
                print(f"\n{found.title.text} | {found.problem.text} | {found.remedy.text} | {late_s:.2f} s")
                assert late_s <= _BAR_S
                # And on opening the view later.
                assert _among_first(overview_of(FactReader(queue).read()).troubles, key)
                return found
            titles = [trouble.title.text for trouble in troubles]
            assert known_s is None or time.monotonic() - known_s < _BAR_S, titles
            assert time.monotonic() - began_s < _PATIENCE_S, titles
        time.sleep(0.02)


def _among_first(troubles: tuple[Trouble, ...], key: str) -> Trouble | None:
    return next((trouble for trouble in troubles[:_FIRST] if trouble.key.startswith(key)), None)


@pytest.fixture
def start_dispatcher(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[StartDispatcher]:
    """Starts dispatcher programs with these settings; neither they nor their containers outlive the test."""
    programs: list[subprocess.Popen[bytes]] = []

    def start(**settings: object) -> subprocess.Popen[bytes]:
        values = {
            "redis_url": redis_url,
            "namespace": namespace,
            "state_dir": tmp_path / "fleet",
            "scratch_dir": tmp_path / "scratch",
            "tick_s": 0.5,
            "idle_timeout_s": 1,
            "worker_slots": 1,
            "min_scenes_per_batch": 1,
            "file_roots": f'["{tmp_path}"]',
        } | settings
        environment = {f"SCENEBURST_{name.upper()}": str(value) for name, value in values.items()}
        with (tmp_path / f"dispatcher-{len(programs)}.log").open("wb") as log:
            argv = [sys.executable, "-m", "dispatcher"]
            programs.append(subprocess.Popen(argv, env={**os.environ, **environment}, stdout=log, stderr=log))
        return programs[-1]

    yield start
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait(60)
    if (tmp_path / "fleet").exists():
        ProcessFleet(tmp_path / "fleet").stop_all(Reason("the test is over"), grace_s=3)
