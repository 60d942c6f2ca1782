"""Real worker programs against the real queue."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.queue import SceneQueue


@pytest.fixture
def start_worker(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts worker programs; none outlives the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(container_id: str, url: str = redis_url, **settings: object) -> subprocess.Popen[bytes]:
        values = {
            "slots": 1,
            "lease_s": 1,
            "idle_timeout_s": 30,
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
