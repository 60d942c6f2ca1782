"""The whole system on the simulated Fargate: enqueue, Celery dispatchers, RunTask, workers, S3, idle, reaped."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
import redis

from container_worker.codes import Code
from container_worker.exit_codes import Exit
from producer import Producer
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.support.fargate_simulator import ONE_REGION, Faults, SimulatedTask, Simulator
from tests.support.media import Media
from tests.support.waiting import wait_until

_TICK_S, _IDLE_S, _SPOT_NOTICE_S = 0.4, 2.0, 5.0
#: Launches that find no capacity before there is some.
_REFUSALS = 9
#: So many, and so long ones, that two containers can be taken at their work.
_SCENES, _SCENE_S = 10, 40.0


class Program(NamedTuple):
    """A dispatcher that runs, and where it writes what it does."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def owner(self) -> str:
        """Its name in the lock."""
        said = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return next((each["owner"] for each in said if "owner" in each), "")


StartDispatcher = Callable[[], Program]


@pytest.fixture
def ecs(redis_url: str, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Real workers on a Fargate where every third start fails, tasks are listed late and answers get lost."""
    logs = tmp_path / "containers"
    logs.mkdir()
    environment = {
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_SCRATCH_DIR": str(tmp_path / "scratch"),
        **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
    }
    faults = Faults(
        start_delay_s=0.3, fail_start_every=3, lose_answer_every=5, listing_lag_s=0.5, is_throttling_disguised=True,
        run_task_rate=(20, 4), spot_notice_s=_SPOT_NOTICE_S, stop_timeout_s=5.0,
    )  # fmt: skip
    argv = [sys.executable, "-m", "container_worker"]
    with Simulator(logs, argv, environment, {"us-east-1": ["subnet-a", "subnet-b"]}, faults=faults) as simulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", simulator.url)
        yield simulator


@pytest.fixture
def start_dispatcher(redis_url: str, namespace: str, ecs: Simulator, tmp_path: Path) -> Iterator[StartDispatcher]:
    """Starts Celery dispatchers; none outlives the test."""
    environment = {
        "SCENEBURST_REDIS_URL": redis_url,
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_FLEET": "fargate",
        **ONE_REGION,
        "SCENEBURST_TICK_S": str(_TICK_S),
        "SCENEBURST_IDLE_TIMEOUT_S": str(_IDLE_S),
        "SCENEBURST_LEASE_S": "60",
        "SCENEBURST_WORKER_SLOTS": "1",
        "SCENEBURST_SCENES_PER_BATCH": "3",
        "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
        "SCENEBURST_MAX_PARALLEL_TASKS": "3",
        "SCENEBURST_MAX_CONTAINERS": "3",
    }
    programs: list[Program] = []

    def start() -> Program:
        path = tmp_path / f"dispatcher-{len(programs)}.log"
        with path.open("wb") as log:
            argv = [sys.executable, "-m", "dispatcher"]
            process = subprocess.Popen(argv, env={**os.environ, **environment}, stdout=log, stderr=log)
        programs.append(Program(process, path))
        return programs[-1]

    yield start
    for program in programs:
        program.process.terminate()
    for program in programs:
        program.process.wait(60)


@pytest.mark.slow
def test_every_scene_is_delivered_once_though_everything_goes_wrong(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, media: Media, ecs: Simulator, start_dispatcher: StartDispatcher
) -> None:
    """Every third start fails, capacity is gone at first, Spot takes two, and of two dispatchers the acting one is killed."""
    ecs.faults.exhausted, ecs.faults.refusals_left = {(None, None, None)}, _REFUSALS
    boto3.client("s3").put_bucket_versioning(Bucket=s3.bucket, VersioningConfiguration={"Status": "Enabled"})
    dispatchers = [start_dispatcher(), start_dispatcher()]
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    scenes = [{"name": f"s{n}", "image": media.image(), "audio": media.tone(f"n{n}.mp3", _SCENE_S)} for n in range(_SCENES)]
    with Producer(settings=settings) as producer:
        handle = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options={"resolution": "360p"})
        for reclaimed in range(2):
            ecs.cluster.reclaim_spot(wait_until(lambda: _working(queue, ecs), f"container {reclaimed} works", 90))
        killed = _kill_the_acting(dispatchers, redis_url, namespace)
        assert handle.wait(300).state is JobState.DONE
        assert [result.state for result in handle.results()] == ["done"] * _SCENES
    wait_until(lambda: not ecs.cluster.running(), "all containers have left")
    tasks = list(ecs.cluster.tasks.values())
    assert ecs.calls["no capacity"] == _REFUSALS
    assert sum(task.stop_code == "TaskFailedToStart" for task in tasks) == len(tasks) // 3 >= 1
    assert sum(task.stop_code == "SpotInterruption" for task in tasks) == 2
    # The ledger closes the last record at the tick after the container's end.
    wait_until(lambda: {record.state for record in queue.inspect.containers()} <= {"gone", "failed"}, "the ledger is closed")
    records = {str(record.container_id): record for record in queue.inspect.containers()}
    _check_launches(tasks, records, killed)
    _check_ends(tasks, records)
    assert _puts(s3) == {f"videos/s{n}.mp4": 1 for n in range(_SCENES)}


def _kill_the_acting(dispatchers: list[Program], redis_url: str, namespace: str) -> str:
    """Kill -9 for the one whose name is in the lock; returns that name."""
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    owner = wait_until(lambda: client.hget("{" + namespace + "}:dispatcher", "owner"), "a dispatcher acts")
    client.close()
    (acting,) = [program for program in dispatchers if program.owner == owner]
    acting.process.send_signal(signal.SIGKILL)
    acting.process.wait()
    return str(owner)


def _check_launches(tasks: list[SimulatedTask], records: dict[str, ContainerRecord], killed: str) -> None:
    """No intent was launched twice, nothing was launched without one, and never more than three worked at once."""
    ids = Counter(task.variables["SCENEBURST_CONTAINER_ID"] for task in tasks)
    assert set(ids.values()) == {1}
    # The killed one may have had no time to write down what it had just launched; its intent is there.
    assert {name for name, record in records.items() if record.handle} <= set(ids) <= set(records)
    assert _most_at_once(tasks, records) <= 3
    assert killed


def _check_ends(tasks: list[SimulatedTask], records: dict[str, ContainerRecord]) -> None:
    """Nothing has to be stopped, or is paid for, that has nothing to do; what Spot takes ends by itself or with its notice.

    At which look an idle container leaves: tests/container_worker/test_loop.py.
    """
    left = 0
    for task in tasks:
        record = records[task.variables["SCENEBURST_CONTAINER_ID"]]
        if task.stop_code == "EssentialContainerExited":
            assert (task.exit_code, record.code, task.stopping) == (Exit.IDLE, Code.IDLE, 0.0), record
            assert record.ended_ms - record.idle_since_ms >= _IDLE_S * 1000, record
            left += 1
        elif task.stop_code == "SpotInterruption":
            assert task.exit_code in {Exit.DRAINED, 128 + signal.SIGKILL}, record
        else:
            assert task.stop_code == "TaskFailedToStart", record
    assert left


def _puts(s3: S3) -> dict[str, int]:
    """Count the writes of each output: the bucket keeps every version."""
    versions = boto3.client("s3").list_object_versions(Bucket=s3.bucket, Prefix="videos/")["Versions"]
    return dict(Counter(each["Key"] for each in versions))


def _working(queue: SceneQueue, ecs: Simulator) -> SimulatedTask | None:
    """A Spot task whose worker holds a lease, and that nobody has stopped yet."""
    busy = {item.container_id for item in queue.inspect.leased()}
    for task in ecs.cluster.running():
        if task.provider == "FARGATE_SPOT" and not task.stopping and task.variables["SCENEBURST_CONTAINER_ID"] in busy:
            return task
    return None


def _most_at_once(tasks: list[SimulatedTask], records: dict[str, ContainerRecord]) -> int:
    """Return the most tasks that worked at one moment: another may start while one that said goodbye is ending."""
    ended = {name: record.ended_ms / 1000 for name, record in records.items()}
    moments = [(task.started, 1) for task in tasks if task.started]
    moments += [(min(task.stopped, ended[task.variables["SCENEBURST_CONTAINER_ID"]]), -1) for task in tasks if task.started]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most
