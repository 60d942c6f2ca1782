"""The producer program of a chaos run writes the wire version asked for, and can be killed between two chunks."""

import os
import signal
import subprocess
import sys

import pytest

from chaos.cluster import NEWER_VERSION
from chaos.scenes import GOOD, PlannedJob
from scenequeue.errors import JobNotFound
from scenequeue.jobs.need import known_needs, need_of
from scenequeue.queue import SceneQueue


def _submit(job: PlannedJob, redis_url: str, namespace: str, dies_after: str = "") -> int:
    environment = {**os.environ, "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace}
    argv = [sys.executable, "-m", "chaos.submitter", job.to_json(), "s3://inputs", "s3://outputs", dies_after]
    return subprocess.run(argv, env=environment, capture_output=True, check=False, timeout=60).returncode


def test_a_job_of_a_newer_version_is_served_by_newer_workers_alone(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Usual workers get none of it."""
    assert _submit(PlannedJob("newer-1", (GOOD.name,) * 2, "normal", 3, NEWER_VERSION), redis_url, namespace) == 0
    assert queue.worker.lease("usual", 5) == []
    leases = queue.worker.lease("newer-0", 5, serves=[need_of("render", NEWER_VERSION), *known_needs()])
    assert [lease.item.v for lease in leases] == [NEWER_VERSION] * 2


@pytest.mark.parametrize(("dies_after", "is_visible"), [("1", False), ("3", True)])
def test_a_killed_submission_is_whole_or_not_there(
    queue: SceneQueue, redis_url: str, namespace: str, dies_after: str, is_visible: bool
) -> None:
    """Killed after its first chunk of four scenes, or after the job has become visible; submitted again, it is there once."""
    job = PlannedJob("j0001", (GOOD.name,) * 8, "normal", 3)
    assert _submit(job, redis_url, namespace, dies_after) == -signal.SIGKILL
    if is_visible:
        assert queue.producer.status("j0001").counts.total == 8
    else:
        with pytest.raises(JobNotFound):
            queue.producer.status("j0001")
    assert _submit(job, redis_url, namespace) == 0
    assert queue.producer.status("j0001").counts.total == 8
