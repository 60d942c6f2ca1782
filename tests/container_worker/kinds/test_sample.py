"""A kind of item that consists of its two files, on a real queue, worker and storage."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from container_worker.exit_codes import Exit
from scenequeue.jobs import kinds as queued_kinds
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.storage import sha256_of

_SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(autouse=True)
def _is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the queue's half beside the others, for what this test itself submits."""
    monkeypatch.setattr(queued_kinds, "__path__", [*queued_kinds.__path__, str(_SAMPLE / "queued")])


def _work(redis_url: str, namespace: str, folder: Path) -> int:
    """Run the worker program until it has found nothing more to do."""
    environment = {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_IDLE_TIMEOUT_S": "0.2",
        "SCENEBURST_FILE_ROOTS": f'["{folder}"]', "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"),
    }  # fmt: skip
    argv = [sys.executable, "-m", "tests.container_worker.kinds.sample"]
    return subprocess.run(argv, env={**os.environ, **environment}, timeout=60, check=False).returncode


def test_a_kind_is_two_files_and_goes_through_queue_worker_and_storage(
    queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    """Its output is delivered and listed, and found again by the next job; a malformed item of it is a dead letter."""
    note = tmp_path / "out" / "note.txt"
    item = WorkItem(kind="sleep", name="short", payload={"seconds": 0.01, "output": note.as_uri()})
    malformed = WorkItem(kind="sleep", name="odd", payload={"seconds": "long", "output": note.as_uri()})
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[item]])
    assert _work(redis_url, namespace, tmp_path) == Exit.IDLE
    queue.producer.submit(JobSpec(job_id=check_job_id("b")), [[item, malformed]])
    assert _work(redis_url, namespace, tmp_path) == Exit.IDLE
    (result,) = queue.producer.results("a")
    assert note.read_text() == "slept for 0.01 s\n"
    (artifact,) = result.artifacts
    assert (result.output, artifact.address, artifact.role) == (note.as_uri(), note.as_uri(), "report")
    assert (artifact.bytes, artifact.sha256) == (note.stat().st_size, sha256_of(note))
    again, refused = queue.producer.results("b")
    assert (again.details["reused"], again.artifacts) == (True, result.artifacts)
    assert refused.error is not None
    assert "BadInput: the item is malformed: seconds" in refused.error
    assert [queue.producer.status(job_id).state for job_id in "ab"] == [JobState.DONE, JobState.FAILED]


def test_the_sample_kind_takes_less_than_80_lines() -> None:
    """On both sides together."""
    files = [_SAMPLE / side / "sleep.py" for side in ("queued", "carried_out")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 80
