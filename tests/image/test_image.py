"""The image under a real engine: the fleet's common suite, and the example job from enqueueing to its videos."""

from pathlib import Path

import av
import boto3

from dispatcher.fleets.docker.fleet import DockerFleet
from dispatcher.tick import Dispatcher
from producer import Producer
from sceneburst.manifest import read_manifest
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings, ProducerSettings
from tests.conftest import S3
from tests.dispatcher.fleets.fleet_conformance import FleetConformance
from tests.support.waiting import wait_until

_EXAMPLE = Path(__file__).parents[2] / "examples" / "demo.yaml"


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
