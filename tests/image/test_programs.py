"""All programs of the image together, as the template deploys them: a scene from the HTTP API to its video."""

import json
import os
import socket
import sys
from pathlib import Path

import boto3
import httpx
import redis

from dispatcher.fleets.docker.fleet import DockerFleet
from sceneburst.access.secrets import hash_of
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.structure.acl import rules
from tests.conftest import S3
from tests.deploy.template import deploy, template
from tests.image.conftest import ULIMITS
from tests.image.program import running
from tests.support.fargate_simulator.server import Simulator
from tests.support.media import Media
from tests.support.waiting import wait_until

_STACK, _REGION, _KEY, _PASSWORD = "image", "us-east-1", "a-key-of-the-test", "word"


def test_a_scene_passes_through_every_program_of_the_image(
    image: str, engine: Path, fleet: DockerFleet, redis_port: int, namespace: str, s3: S3, media: Media, tmp_path: Path
) -> None:
    """API, dispatcher and worker run from the image, under the template's variables and the Redis user of each."""
    outputs = deploy(_STACK, Image=image, Namespace=namespace)
    bucket = outputs["BucketName"]
    _make_users(redis_port, namespace)
    aws = {name: text for name, text in os.environ.items() if name.startswith("AWS_") and "CA_BUNDLE" not in name}
    worker = {**_redis_of("worker", redis_port, namespace), **aws}
    engine_settings = {
        "SCENEBURST_DOCKER_IMAGE": image, "SCENEBURST_DOCKER_SOCKET": str(engine), "SCENEBURST_DOCKER_NETWORK": "host",
        "SCENEBURST_DOCKER_ULIMITS": ULIMITS, "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    given = _environment_of_dispatcher()
    subnets = {_REGION: json.loads(given["SCENEBURST_ECS_SUBNETS"])}
    argv = [sys.executable, "-m", "tests.image.task"]
    with Simulator(tmp_path, argv, {**worker, **engine_settings}, subnets, cluster=outputs["ClusterName"]) as ecs:
        dispatcher = given | _redis_of("dispatcher", redis_port, namespace)
        dispatcher |= {"AWS_ENDPOINT_URL_ECS": ecs.url, "SCENEBURST_WEBHOOK_SECRET": "secret", "SCENEBURST_TICK_S": "0.5"}
        queue = SceneQueue.connect(f"redis://127.0.0.1:{redis_port}", namespace)
        api = _environment_of_api(bucket, namespace) | _redis_of("producer", redis_port, namespace)
        with running(fleet, image, "dispatcher", dispatcher), running(fleet, image, "sceneburst.http_api", api):
            _submit_and_wait(f"http://127.0.0.1:{api['SCENEBURST_API_PORT']}", bucket, media, queue)
        queue.close()
        assert ecs.calls["RunTask"] == 1
    video = boto3.client("s3").head_object(Bucket=bucket, Key="outputs/s0.mp4")
    assert video["ContentLength"] > 1000


def _redis_of(role: str, port: int, namespace: str) -> dict[str, str]:
    """As the template writes it, but for TLS and the host."""
    return {"SCENEBURST_REDIS_URL": f"redis://{namespace}-{role}@127.0.0.1:{port}/0", "SCENEBURST_REDIS_PASSWORD": _PASSWORD}


def _make_users(port: int, namespace: str) -> None:
    with redis.Redis(port=port) as client:
        for role in ("producer", "worker", "dispatcher"):
            client.execute_command("ACL", "SETUSER", f"{namespace}-{role}", "on", f">{_PASSWORD}", *rules(role, namespace))


def _environment_of_dispatcher() -> dict[str, str]:
    """As it is deployed."""
    answer = boto3.client("ecs").describe_task_definition(taskDefinition=f"{_STACK}-dispatcher")
    (container,) = answer["taskDefinition"]["containerDefinitions"]
    return {each["name"]: each["value"] for each in container["environment"]}


def _environment_of_api(bucket: str, namespace: str) -> dict[str, str]:
    """The variables that the template gives it; it is deployed under a condition that moto does not know."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = {
        "SCENEBURST_NAMESPACE": namespace,
        "SCENEBURST_INPUTS": f"s3://{bucket}/inputs",
        "SCENEBURST_API_HOST": "127.0.0.1",
        "SCENEBURST_API_PORT": str(port),
    }
    (container,) = template()["Resources"]["ApiTask"]["Properties"]["ContainerDefinitions"]
    assert {each["Name"] for each in container["Environment"]} == {*made, "SCENEBURST_REDIS_URL"}
    return {**made, "SCENEBURST_API_KEYS": json.dumps({"test": hash_of(_KEY)})}


def _submit_and_wait(url: str, bucket: str, media: Media, queue: SceneQueue) -> None:
    client = boto3.client("s3")
    client.upload_file(str(media.image()), bucket, "inputs/picture.jpg")
    client.upload_file(str(media.tone()), bucket, "inputs/narration.mp3")
    scene = {"name": "s0", "image": f"s3://{bucket}/inputs/picture.jpg", "audio": f"s3://{bucket}/inputs/narration.mp3"}
    job = {"job_id": "through-all", "scenes": [scene], "output": f"s3://{bucket}/outputs", "options": {"resolution": "360p"}}
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {_KEY}"}) as api:
        wait_until(lambda: _answers(api), "the API answers", 60)
        assert api.post("/v1/jobs", json=job).status_code == 202
        wait_until(lambda: queue.inspect.job("through-all").state is not JobState.ACTIVE, "the job has ended", 150)
        results = api.get("/v1/jobs/through-all/results").json()["results"]
    assert [(result["state"], result["error"]) for result in results] == [("done", None)]


def _answers(api: httpx.Client) -> bool:
    try:
        return api.get("/healthz").is_success
    except httpx.TransportError:
        return False
