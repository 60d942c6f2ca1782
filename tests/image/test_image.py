"""The image under a real engine: the fleet's common suite, and the example job from enqueueing to its videos."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import boto3
import pytest
import redis

from console.embedded_redis import find_redis_server
from console.manifest import read_manifest
from dispatcher.fleets.docker import DockerFleet
from dispatcher.fleets.settings import DockerSettings
from dispatcher.tick import Dispatcher
from producer import Producer
from scenequeue.acl import rules
from scenequeue.items import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings, ProducerSettings
from tests.conftest import S3
from tests.dispatcher.fleet_conformance import FleetConformance
from tests.image.conftest import ULIMITS
from tests.waiting import wait_until

_EXAMPLE = Path(__file__).parents[2] / "examples" / "demo.yaml"
MakeFleet = Callable[..., DockerFleet]


@pytest.fixture
def redis_port(tmp_path: Path, namespace: str) -> Iterator[int]:
    """A server on TCP with a worker's user of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    argv = [str(find_redis_server()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    queue = SceneQueue.connect(f"redis://127.0.0.1:{port}", namespace)
    client = queue._connection.client
    wait_until(lambda: _answers(client), "redis answers")
    client.execute_command("ACL", "SETUSER", "worker", "on", ">word", *rules("worker", namespace))
    queue.close()
    yield port
    server.kill()
    server.wait()


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError:
        return False


@pytest.fixture
def fleet(image: str, engine: Path, redis_port: int, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerFleet]:
    """Containers on this machine's network; none outlives the test."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("AWS_") and "CA_BUNDLE" not in name}
    monkeypatch.setenv("SCENEBURST_DOCKER_ULIMITS", ULIMITS)
    settings = DockerSettings.load(
        namespace=namespace,
        docker_image=image,
        docker_socket=engine,
        docker_network="host",
        docker_environment={**theirs, "SCENEBURST_REDIS_URL": f"redis://worker:word@127.0.0.1:{redis_port}/0"},
    )
    fleet = DockerFleet(settings)
    yield fleet
    fleet.stop_all("the test is over", grace_s=10)
    fleet.close()


class TestDockerFleet(FleetConformance):
    """The suite that every fleet passes."""


def test_the_example_job_becomes_videos_in_containers(
    s3: S3, fleet: DockerFleet, redis_port: int, namespace: str, tmp_path: Path
) -> None:
    """Read-only root, no privileges, the worker's Redis user; all scenes but the planted one; nobody is left."""
    address = {"redis_url": f"redis://127.0.0.1:{redis_port}", "namespace": namespace}
    job = read_manifest(_EXAMPLE)
    settings = DispatcherSettings.load(
        **address, fleet="docker", max_containers=1, idle_timeout_s=2.0, tick_s=0.5, config_priority=1, min_scenes_per_batch=1
    )
    queue = SceneQueue(settings)
    dispatcher = Dispatcher(queue, fleet, settings)
    scenes = [scene for scene in job.scenes if not scene.name.startswith("lost")]
    with Producer(settings=ProducerSettings.load(**address, inputs=f"{s3.uri}/inputs")) as producer:
        handle = producer.submit_scenes(scenes, output=f"{s3.uri}/videos", options=job.options)
        wait_until(lambda: (dispatcher.tick(), handle.status().state is not JobState.ACTIVE)[1], "the job has ended", 150)
        assert [(result.name, result.error) for result in handle.results() if result.state != "done"] == []
        _report_start(fleet, producer.queue, handle.job_id)
    client = boto3.client("s3")
    for scene in scenes:
        client.download_file(s3.bucket, f"videos/{scene.name}.mp4", str(tmp_path / "video.mp4"))
        with av.open(str(tmp_path / "video.mp4")) as video:
            assert video.streams.video[0].codec_context.name == "h264"
            assert video.duration
    wait_until(lambda: dispatcher.tick() and not _running(fleet), "all containers have left", 60)
    dispatcher.close()
    queue.close()


def _running(fleet: DockerFleet) -> bool:
    return any(container.is_running for container in fleet.list())


def _report_start(fleet: DockerFleet, queue: SceneQueue, job_id: str) -> None:
    """Print how long the first container took from its process's start to its first lease."""
    (record,) = queue.inspect.containers()
    inspected = fleet._call("GET", f"/containers/{record.handle}/json").json()
    started_at = inspected["State"]["StartedAt"]
    began = datetime.fromisoformat(f"{started_at[:19]}+00:00").timestamp() + float(f"0.{started_at[20:26]}".rstrip("Z+"))
    leased = next(event.at_ms for event in queue.producer.events(job_id) if event.event == "leased") / 1000
    print(f"\nfrom the process's start to its first lease: {leased - began:.2f} s")
