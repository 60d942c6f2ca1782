"""Measures the share of time in which the encoders of a real container worker run while scenes are queued."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import psutil

from benchmarks.environments import ROOT
from benchmarks.render.harness import ZOOM, Scene
from producer.client import Producer
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.settings import ProducerSettings
from tests.support.aws import moto_server

_SAMPLE_S = 0.02
_BUCKET = "bench"


def busy_share(folder: Path, scene: Scene, scenes: int, slots: int) -> dict[str, float]:
    """Render scenes in one container, with inputs and videos in an S3 API.

    Returns:
        `busy_share`: running encoders over slots, from the first encoder's start until fewer scenes are left than slots;
        `container_s`: seconds from start to exit.
    """
    redis = EmbeddedRedis(folder)
    redis.start()
    try:
        with moto_server() as url:
            keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
            os.environ |= {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", **keys}
            boto3.client("s3").create_bucket(Bucket=_BUCKET)
            return _measured(redis.url, folder, scene, scenes, slots)
    finally:
        redis.stop()


def _measured(redis_url: str, folder: Path, scene: Scene, scenes: int, slots: int) -> dict[str, float]:
    settings = {
        "SCENEBURST_REDIS_URL": redis_url, "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"), "SCENEBURST_SLOTS": str(slots),
        "SCENEBURST_IDLE_TIMEOUT_S": "1", "SCENEBURST_CONTAINER_ID": "bench", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    facts = {"image": scene.picture, "audio": scene.narration, "subtitles": scene.subtitles, "watermark": scene.watermark}
    files = {part: str(path) for part, path in facts.items()}
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, inputs=f"s3://{_BUCKET}/inputs")) as producer:
        job = producer.submit_scenes(
            [{"name": f"scene-{n}", **files} for n in range(scenes)], output=f"s3://{_BUCKET}/videos", options={"zoom": ZOOM}
        )
        began = time.monotonic()
        with (folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "container_worker"], env={**os.environ, **settings}, stdout=log, stderr=log
            )
        samples: list[int] = []
        done = threading.Event()
        watching = threading.Thread(target=_watch, args=(worker.pid, samples, done))
        watching.start()
        worker.wait()
        seconds = time.monotonic() - began
        done.set()
        watching.join()
        made = job.status().counts.done
    if made != scenes:
        raise RuntimeError(f"{made} of {scenes} scenes were made: {(folder / 'worker.log').read_text()[-2000:]}")
    first = next(at for at, count in enumerate(samples) if count)
    last = max(at for at, count in enumerate(samples) if count >= slots)
    shown = samples[first : last + 1]
    return {"busy_share": sum(min(slots, count) for count in shown) / (slots * len(shown)), "container_s": seconds}


def _watch(pid: int, samples: list[int], done: threading.Event) -> None:
    root = psutil.Process(pid)
    while not done.wait(_SAMPLE_S):
        count = 0
        try:
            for process in root.children(recursive=True):
                try:
                    count += "ffmpeg" in process.name() and "scene.mp4" in process.cmdline()
                except psutil.Error:
                    continue
        except psutil.Error:
            return
        samples.append(count)
