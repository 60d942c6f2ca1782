"""A worker killed after its k-th effect, for every k: another finishes, and the video is the same, byte by byte."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from producer import Producer
from scenequeue.items import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.media import Media
from tests.waiting import wait_until

#: lease, stat, get × 2, stat of the output, begin, put, ack; more than there are, so that the last run ends by itself.
_MOST_EFFECTS = 14


def _worker(environment: dict[str, str], crash_after: int) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "tests.chaos.crashing_worker"]
    return subprocess.Popen(
        argv, env={**os.environ, **environment, "CRASH_AFTER": str(crash_after)}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


@pytest.mark.slow
def test_whenever_a_worker_dies_another_makes_the_same_video(
    queue: SceneQueue, redis_url: str, namespace: str, media: Media, tmp_path: Path
) -> None:
    """Nothing is lost, nothing is there twice, and nothing half."""
    scene = {"name": "s", "image": media.image(width=160, height=90), "audio": media.tone("n.wav", 0.4)}
    output = tmp_path / "out"
    environment = {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_LEASE_S": "1",
        "SCENEBURST_IDLE_TIMEOUT_S": "1.5", "SCENEBURST_SLOTS": "1", "SCENEBURST_SCRATCH_DIR": str(tmp_path / "scratch"),
        "SCENEBURST_FILE_ROOTS": f'["{media.folder}", "{output}"]',
    }  # fmt: skip
    digests, died_after = set[str](), list[str]()
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, file_roots=[media.folder])
    for effects in range(1, _MOST_EFFECTS):
        (output / "s.mp4").unlink(missing_ok=True)
        with Producer(settings=settings) as producer:
            job = producer.submit_scenes(
                [scene], output=output, options={"resolution": "360p", "fps": 5}, job_id=f"crash-{effects}", max_attempts=3
            )
        crashing = _worker(environment, effects)
        _, said = crashing.communicate(timeout=60)
        if crashing.returncode == -signal.SIGKILL:
            died_after.append(said.decode().rpartition("dies after ")[2].strip())
            wait_until(lambda: queue.dispatcher.reclaim() or not queue.inspect.depth().counts.leased, "the lease has run out")
            healthy = _worker(environment, 1_000_000)
            healthy.communicate(timeout=60)
        status = queue.producer.status(job.job_id)
        assert (status.state, status.counts.done) == (JobState.DONE, 1), (effects, died_after)
        digests.add(hashlib.sha256((output / "s.mp4").read_bytes()).hexdigest())
        assert [path.name for path in output.iterdir()] == ["s.mp4"]
        if crashing.returncode == 0:
            break
    assert crashing.returncode == 0, "the last run was to end by itself"
    assert {"lease", "get", "begin", "put", "ack"} <= set(died_after)
    assert len(digests) == 1
