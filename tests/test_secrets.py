"""Secrets are planted in every setting and address of a whole Sceneburst, and looked for in all that it says."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from producer.client import Producer
from sceneburst.local.cluster import LocalCluster
from sceneburst.local.embedded_redis import free_port
from scenequeue.errors import SceneburstError
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.support.media import Media
from tests.support.waiting import wait_until

#: Part of every planted secret.
_MARK = "hushhush"
_PRESIGNED = f"https://nowhere.invalid/a.jpg?X-Amz-Credential={_MARK}1&X-Amz-Signature={_MARK}2"
_ENVIRONMENT = {
    "SCENEBURST_WEBHOOK_SECRET": f"{_MARK}3",
    "SCENEBURST_BROKER_URL": f"memory://user:{_MARK}10@localhost/",
    "AWS_ACCESS_KEY_ID": "planted",
    "AWS_SECRET_ACCESS_KEY": f"{_MARK}4",
    "AWS_SESSION_TOKEN": f"{_MARK}5",
    # Nobody listens there.
    "AWS_ENDPOINT_URL": f"http://user:{_MARK}6@127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}
_COMMANDS = (
    *("queue", "queue peek", "dead", "dead show job 0-0", "dead show job 0-1 --json", "dead list --json", "status job"),
    *("status job --json", "jobs", "jobs --json", "results job", "results job --json", "cost job", "containers list --all"),
    *("plan --json", "doctor"),
)


@pytest.fixture
def metrics_port() -> int:
    """The port of the dispatcher's metrics."""
    return free_port(0)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metrics_port: int) -> Iterator[LocalCluster]:
    """A whole Sceneburst whose settings hold secrets."""
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    more = {"SCENEBURST_METRICS_ADDRESS": f"127.0.0.1:{metrics_port}", "SCENEBURST_LOG_LEVEL": "debug"}
    with LocalCluster([tmp_path], containers=1, slots=1, environment=more, folder=tmp_path / "run") as cluster:
        yield cluster


@pytest.mark.slow
def test_no_planted_secret_is_ever_said(cluster: LocalCluster, metrics_port: int, tmp_path: Path) -> None:
    """Not in logs, reasons, dead letters, results, events, plans, metrics, command lines, or what commands print."""
    password = cluster.url.split(":")[2].partition("@")[0]
    said: dict[str, str] = {}
    media = Media(tmp_path)
    scenes = [
        {"name": "web", "image": _PRESIGNED, "audio": str(media.tone("a.wav", 1))},
        {"name": "bucket", "image": "s3://bucket/a.jpg", "audio": f"https://u.invalid/a.mp3?token={_MARK}7"},
    ]
    with Producer(cluster.url, cluster.namespace) as producer:
        with pytest.raises(SceneburstError) as refused:
            producer.submit_scenes(scenes, output=str(tmp_path), callback_url=f"https://u:{_MARK}8@hook.example/")
        said["a refusal"] = str(refused.value)
        job = producer.submit_scenes(
            scenes, output=str(tmp_path), max_attempts=1, callback_url=f"https://hook.invalid/?token={_MARK}9", job_id="job"
        )
        wait_until(lambda: _lines_of(cluster) != [], "a container runs")
        said["command lines"] = "\n".join(_lines_of(cluster))
        job.wait(120)
        wait_until(lambda: (callback := job.status().callback) is not None and callback.tries > 0, "the callback was tried")
        said["results"] = "\n".join(result.model_dump_json() for result in job.results())
        said["events"] = "\n".join(str(event) for event in job.events())
        said["status"] = job.status().model_copy(update={"callback_url": None}).model_dump_json()
    queue = SceneQueue(SceneburstSettings.load(redis_url=cluster.url, namespace=cluster.namespace))
    letters = list(queue.inspect.dead())
    assert len(letters) == 2, said["results"]
    said["reasons of dead letters"] = "\n".join(str(letter.errors) for letter in letters)
    said["containers"] = "\n".join(record.model_dump_json() for record in queue.inspect.containers())
    said["plan"] = str(queue.inspect.plan())
    queue.close()
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics") as answer:
        said["metrics"] = answer.read().decode()
    for words in _COMMANDS:
        said[f"sceneburst {words}"] = _printed(cluster, words.split())
    folder = tmp_path / "run"
    for log in [cluster.log, *(folder / "fleet").rglob("*.log"), folder / "redis.log"]:
        said[log.name] = log.read_text()
    assert any("webhook failed" in text for text in said.values()), "the log was read"
    found = {where: line for where, text in said.items() for line in text.splitlines() if _MARK in line or password in line}
    assert not found


def _lines_of(cluster: LocalCluster) -> list[str]:
    """Command lines of the cluster's containers and what they start."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if process.environ().get("SCENEBURST_REDIS_URL") == cluster.url and "container_worker" in line:
                found.append(line)
        except psutil.Error:
            continue
    return found


def _printed(cluster: LocalCluster, words: list[str]) -> str:
    environment = {**os.environ, "SCENEBURST_REDIS_URL": cluster.url, "SCENEBURST_NAMESPACE": cluster.namespace}
    argv = [sys.executable, "-m", "sceneburst", *words]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert ended.stdout
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr
