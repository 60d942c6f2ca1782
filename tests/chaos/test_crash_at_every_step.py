"""A worker killed after each of its effects: another finishes, and the video is the same, byte by byte."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from chaos.judge.history import violations
from producer import Producer
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.chaos.crashing_worker import PARTS
from tests.conftest import S3
from tests.scenequeue.jobs import end_pauses
from tests.support.media import Media
from tests.support.reasons import said

#: All effects of a worker for one scene, in order.
_MAKING = ["lease", "get", "get", "stat", "begin", "inside render", "inside put", "put", "ack"]
_SPLITTING = ["lease", "begin", "note", "grow", "ack"]
_FAILING, _DRAINING = ["lease", "fail"], ["lease", "release"]


@dataclass
class CrashTest:
    """Submits a scene, has one worker killed while it does it, and another finish it."""

    queue: SceneQueue
    settings: ProducerSettings
    environment: dict[str, str]
    scene: dict[str, str | Path]
    folder: Path
    output: str | Path
    #: Returns the finished video, and removes it.
    take: Callable[[], bytes]

    def crash(self, name: str, dies_at: str, way: str = "makes") -> tuple[int, list[str], str]:
        """Return the first worker's exit code, its effects, and the video's digest."""
        with Producer(settings=self.settings) as producer:
            options = {"resolution": "360p", "orientation": "square", "motion": "none", "fps": 5}
            job = producer.submit_scenes([self.scene], output=self.output, options=options, job_id=name, max_attempts=3)
        log = self.folder / f"{name}.log"
        log.touch()
        code = self._crash(name, dies_at, {"CRASH_WAY": way}, log)
        status = self.queue.producer.status(job.job_id)
        assert (status.state, status.counts.done) == (JobState.DONE, 1), (name, dies_at)
        assert violations(name, self.queue.producer.events(name, count=1000), self.queue.producer.results(name)) == []
        return code, log.read_text().splitlines(), hashlib.sha256(self.take()).hexdigest()

    def crash_split(self, name: str, dies_at: str) -> tuple[int, list[str]]:
        """Let an item bring others; return the first worker's exit code and its effects."""
        split = WorkItem(kind="split", name="whole", payload={})
        self.queue.producer.submit(JobSpec(job_id=check_job_id(name), max_attempts=3), [[split], None])
        log = self.folder / f"{name}.log"
        log.touch()
        code = self._crash(name, dies_at, {}, log)
        status = self.queue.producer.status(name)
        assert (status.state, status.counts.done) == (JobState.DONE, 1 + PARTS), (name, dies_at)
        names = [result.name for result in self.queue.producer.results(name)]
        assert names == ["whole", *(f"part-{number}" for number in range(PARTS))]
        assert violations(name, self.queue.producer.events(name, count=1000), self.queue.producer.results(name)) == []
        return code, log.read_text().splitlines()

    def _crash(self, name: str, dies_at: str, more: dict[str, str], log: Path) -> int:
        code = self._worker(name, {"CRASH_AT": dies_at, "CRASH_LOG": str(log), **more})
        self.queue.dispatcher.forfeit(name, said("killed"))
        # An idle worker does not stay for a retry's pause.
        end_pauses(self.queue)
        assert not self.queue.producer.status(name).counts.delayed
        if self.queue.producer.status(name).state is JobState.ACTIVE:
            assert self._worker(f"{name}-after", {"CRASH_LOG": os.devnull}) == 0
        return code

    def _worker(self, name: str, more: dict[str, str]) -> int:
        environment = {**os.environ, **self.environment, "SCENEBURST_CONTAINER_ID": name, **more}
        argv = [sys.executable, "-m", "tests.chaos.crashing_worker"]
        return subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, check=False, timeout=60).returncode


@pytest.fixture
def crash_test(queue: SceneQueue, redis_url: str, namespace: str, media: Media, tmp_path: Path) -> CrashTest:
    """Videos are files."""
    output = tmp_path / "out"
    environment = {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_NAMESPACE": namespace, "SCENEBURST_LEASE_S": "60",
        "SCENEBURST_IDLE_TIMEOUT_S": "0.3", "SCENEBURST_SLOTS": "1", "SCENEBURST_SCRATCH_DIR": str(tmp_path / "scratch"),
        "SCENEBURST_FILE_ROOTS": f'["{media.folder}", "{output}"]',
    }  # fmt: skip
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, file_roots=[media.folder])
    scene = {"name": "s", "image": media.image(width=160, height=90), "audio": media.tone("n.wav", 0.4)}

    def take() -> bytes:
        # A copy that was never renamed is hidden.
        assert [path.name for path in output.iterdir() if path.suffix != ".part"] == ["s.mp4"]
        body = (output / "s.mp4").read_bytes()
        (output / "s.mp4").unlink()
        return body

    return CrashTest(queue, settings, environment, scene, tmp_path, output, take)


@pytest.mark.slow
def test_whenever_a_worker_dies_another_makes_the_same_video(crash_test: CrashTest) -> None:
    """Nothing is lost, duplicated or partial: after every effect, and inside rendering and storing."""
    code, effects, digest = crash_test.crash("whole", "")
    assert (code, effects) == (0, _MAKING)
    for number in range(1, len(effects) + 1):
        killed = crash_test.crash(f"crash-{number}", str(number))
        assert killed == (-signal.SIGKILL, effects[:number], digest)


@pytest.mark.slow
def test_whenever_a_worker_dies_the_items_that_one_brings_are_there_once(crash_test: CrashTest) -> None:
    """Between its note, the staging of the items and its ack, and while the items themselves are done."""
    code, effects = crash_test.crash_split("whole", "")
    assert (code, effects[: len(_SPLITTING)]) == (0, _SPLITTING)
    for number in range(1, len(_SPLITTING) + 2):
        killed = crash_test.crash_split(f"crash-{number}", str(number))
        assert killed == (-signal.SIGKILL, effects[:number])


@pytest.mark.slow
def test_in_s3_too_a_video_is_whole_or_not_there(crash_test: CrashTest, s3: S3) -> None:
    """An interrupted multipart upload is no object; it is left to the bucket's lifecycle rule."""
    client = boto3.client("s3", endpoint_url=s3.endpoint_url)

    def take() -> bytes:
        body = client.get_object(Bucket=s3.bucket, Key="s.mp4")["Body"].read()
        client.delete_object(Bucket=s3.bucket, Key="s.mp4")
        return body

    crash_test.output, crash_test.take = s3.uri, take
    digests = set()
    for dies_at in ("stat 1", "inside put 1", "put 1", "ack 1"):
        code, effects, digest = crash_test.crash(f"crash-{dies_at.replace(' ', '-')}", dies_at)
        assert (code, effects[-1]) == (-signal.SIGKILL, dies_at.rpartition(" ")[0])
        digests.add(digest)
    assert len(digests) == 1
    assert len(client.list_multipart_uploads(Bucket=s3.bucket).get("Uploads", [])) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("way", "effects"), [("fails", _FAILING), ("drains", _DRAINING)])
def test_a_worker_dies_while_it_gives_an_item_up(crash_test: CrashTest, way: str, effects: list[str]) -> None:
    """A failure or release that Redis has accepted stands; otherwise the container counts as lost."""
    for number in range(1, len(effects) + 1):
        code, seen, _ = crash_test.crash(f"crash-{number}", str(number), way)
        assert (code, seen) == (-signal.SIGKILL, effects[:number])


@pytest.mark.slow
@pytest.mark.parametrize("dies_at", ["extend 1", "extend 2", "beat 1", "beat 2"])
def test_a_worker_dies_at_a_heartbeat(crash_test: CrashTest, dies_at: str) -> None:
    """Between the extension of the leases and the report, and between two beats."""
    code, _, _ = crash_test.crash("crash", dies_at, "lingers")
    assert code == -signal.SIGKILL
