"""Real worker programs against the real queue."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from container_worker import heartbeat as heartbeat_module
from container_worker.drain import Drain
from container_worker.exit_codes import Exit
from container_worker.kind import Kind
from container_worker.loop import WorkLoop
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.queue import SceneQueue
from scenequeue.settings import WorkerSettings
from tests.container_worker.function_kind import kinds_of
from tests.container_worker.running import Running


@pytest.fixture
def start_worker(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts worker programs; none outlives the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(container_id: str, url: str = redis_url, **settings: object) -> subprocess.Popen[bytes]:
        values = {
            "slots": 1,
            "lease_s": 60,
            "idle_timeout_s": 120,
            "file_roots": f'["{tmp_path}"]',
            "scratch_dir": tmp_path / "scratch",
        }
        values |= settings
        environment = {f"SCENEBURST_{name.upper()}": str(value) for name, value in values.items()}
        environment |= {"SCENEBURST_REDIS_URL": url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_CONTAINER_ID": container_id}
        with (tmp_path / f"{container_id}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.container_worker.worker_program"], env={**os.environ, **environment}, stderr=log
            )
        running.append(worker)
        return worker

    yield start
    for worker in running:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


@pytest.fixture
def submit_items(queue: SceneQueue, tmp_path: Path) -> Callable[..., None]:
    """Submits a job of one stage from (kind, payload) pairs."""

    def submit(job_id: str, *pairs: tuple[str, dict[str, str]], lane: Lane = Lane.NORMAL, max_attempts: int = 3) -> None:
        items = [
            WorkItem(kind=kind, name=f"{job_id}{index}", payload={"folder": str(tmp_path), **payload})
            for index, (kind, payload) in enumerate(pairs)
        ]
        queue.producer.submit(JobSpec(job_id=check_job_id(job_id), lane=lane, max_attempts=max_attempts), [items])

    return submit


@pytest.fixture
def start(start_kinds: Callable[..., Running]) -> Callable[..., Running]:
    """Starts a loop as container c1 that does these things; it leaves with the test at the latest."""
    return lambda actions, **settings: start_kinds(kinds_of(actions), **settings)


@pytest.fixture
def start_kinds(queue: SceneQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """Starts a loop as container c1 that serves these kinds; it leaves with the test at the latest.

    Leases are long, so that no load ends one; what a beat brings is learned soon all the same.
    """
    monkeypatch.setattr(heartbeat_module, "_MAX_PAUSE_S", 0.3)
    started: list[Running] = []

    def begin(kinds: Mapping[str, Kind], **settings: Any) -> Running:
        values = {"slots": 1, "lease_s": 60.0, "idle_timeout_s": 0.3, "scratch_dir": tmp_path / "scratch", **settings}
        running = Running(Drain(values.pop("drain_grace_s", 10.0)))
        loop = WorkLoop(queue, WorkerSettings.load(**values), ContainerId("c1"), kinds, running.drain)

        def run() -> None:
            try:
                running.result.append(loop.run())
            except BaseException as error:
                running.result.append(error)

        running.thread = threading.Thread(target=run)
        running.thread.start()
        started.append(running)
        return running

    yield begin
    for running in started:
        running.drain.ask("the test is over", Exit.DRAINED)
        running.wait()
