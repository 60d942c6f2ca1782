"""The whole system on the simulated Fargate: enqueue, Celery dispatchers, RunTask, workers, S3, idle, reaped."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from producer import Producer
from scenequeue.items import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from tests.conftest import S3
from tests.fargate_simulator import Faults, SimulatedTask, Simulator
from tests.media import Media
from tests.waiting import wait_until

_TICK_S, _IDLE_S = 0.4, 2.0
StartDispatcher = Callable[[], subprocess.Popen[bytes]]


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
        run_task_rate=(20, 4), spot_notice_s=5.0, stop_timeout_s=5.0,
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
        "SCENEBURST_ECS_CLUSTER": "videos",
        "SCENEBURST_ECS_TASK_DEFINITION": "worker",
        "SCENEBURST_ECS_SUBNETS": '["subnet-a", "subnet-b"]',
        "SCENEBURST_ECS_REGIONS": '["us-east-1"]',
        "SCENEBURST_ECS_MIN_LIFETIME_S": "0",
        "SCENEBURST_ECS_CAPACITY_RETRY_S": "1",
        "SCENEBURST_TICK_S": str(_TICK_S),
        "SCENEBURST_IDLE_TIMEOUT_S": str(_IDLE_S),
        "SCENEBURST_LEASE_S": "6",
        "SCENEBURST_WORKER_SLOTS": "1",
        "SCENEBURST_SCENES_PER_BATCH": "3",
        "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
        "SCENEBURST_MAX_PARALLEL_TASKS": "3",
        "SCENEBURST_MAX_CONTAINERS": "3",
    }
    programs: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / f"dispatcher-{len(programs)}.log").open("wb") as log:
            argv = [sys.executable, "-m", "dispatcher"]
            programs.append(subprocess.Popen(argv, env={**os.environ, **environment}, stdout=log, stderr=log))
        return programs[-1]

    yield start
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait(20)


@pytest.mark.slow
def test_every_scene_is_delivered_once_though_everything_goes_wrong(
    queue: SceneQueue, redis_url: str, namespace: str, s3: S3, media: Media, ecs: Simulator, start_dispatcher: StartDispatcher
) -> None:
    """A third of the starts fail, capacity is gone for a while, Spot takes two, and of two dispatchers one is killed."""
    ecs.faults.exhausted = {(None, None, None)}
    back = threading.Timer(4.0, ecs.faults.exhausted.clear)
    back.start()
    acting, _standing_by = start_dispatcher(), start_dispatcher()
    settings = ProducerSettings.load(redis_url=redis_url, namespace=namespace, inputs=f"{s3.uri}/inputs")
    scenes = [{"name": f"s{n}", "image": media.image(), "audio": media.tone(f"n{n}.mp3", 12.0)} for n in range(8)]
    with Producer(settings=settings) as producer:
        handle = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options={"resolution": "360p"})
        for reclaimed in range(2):
            ecs.cluster.reclaim_spot(wait_until(lambda: _working(queue, ecs), f"container {reclaimed} works", 90))
        acting.send_signal(signal.SIGKILL)
        assert handle.wait(150).state is JobState.DONE
        assert [result.state for result in handle.results()] == ["done"] * 8
    wait_until(lambda: not ecs.cluster.running(), "all containers have left", 20)
    finished_s = (queue.producer.status(handle.job_id).finished_ms or 0) / 1000
    tasks = list(ecs.cluster.tasks.values())
    # Leaving takes a beat and the program's own end besides.
    assert max(task.stopped for task in tasks) - finished_s <= _IDLE_S + _TICK_S + 3
    ids = Counter(task.variables["SCENEBURST_CONTAINER_ID"] for task in tasks)
    assert set(ids.values()) == {1}
    assert sum(task.stop_code == "SpotInterruption" for task in tasks) == 2
    assert sum(task.stop_code == "TaskFailedToStart" for task in tasks) >= 1
    assert _most_at_once(tasks) <= 3
    stored = boto3.client("s3").list_objects_v2(Bucket=s3.bucket, Prefix="videos/")["Contents"]
    assert sorted(each["Key"] for each in stored) == [f"videos/s{n}.mp4" for n in range(8)]
    # The ledger closes the last record at the tick after the container's end.
    wait_until(lambda: {record.state for record in queue.inspect.containers()} <= {"gone", "failed"}, "the ledger is closed")


def _working(queue: SceneQueue, ecs: Simulator) -> SimulatedTask | None:
    """A Spot task whose worker holds a lease, and that nobody has stopped yet."""
    busy = {record.container_id for record in queue.inspect.containers() if record.held}
    for task in ecs.cluster.running():
        if task.provider == "FARGATE_SPOT" and not task.stopping and task.variables["SCENEBURST_CONTAINER_ID"] in busy:
            return task
    return None


def _most_at_once(tasks: list[SimulatedTask]) -> int:
    """How many tasks worked at one moment: after its goodbye a program takes a moment to end, in which another may start."""
    moments = [(task.started, 1) for task in tasks if task.started]
    moments += [(max(task.started, task.stopped - 3), -1) for task in tasks if task.started]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    return most
