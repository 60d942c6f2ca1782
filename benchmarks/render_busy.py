"""A real container worker with a queue of scenes: for what share of the time its encoders run."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from benchmarks.environments import ROOT
from benchmarks.render_stage import ZOOM, Scene
from console.embedded_redis import EmbeddedRedis
from producer.client import Producer
from scenequeue.settings import ProducerSettings

_LOOK_S = 0.02


def busy_share(folder: Path, scene: Scene, scenes: int, slots: int) -> dict[str, float]:
    """Render so many scenes in one container; encoders running over slots, from the first one's start to when work runs short.

    The tail, in which fewer scenes are left than slots, is left out: there is nothing to be busy with.
    """
    redis = EmbeddedRedis(folder)
    redis.start()
    try:
        settings = {
            "SCENEBURST_REDIS_URL": redis.url, "SCENEBURST_FILE_ROOTS": json.dumps([str(folder)]),
            "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"), "SCENEBURST_WORKER_SLOTS": str(slots),
            "SCENEBURST_IDLE_TIMEOUT_S": "1", "SCENEBURST_CONTAINER_ID": "bench",
        }  # fmt: skip
        facts = {"image": str(scene.picture), "audio": str(scene.narration), "subtitles": str(scene.subtitles)}
        with Producer(settings=ProducerSettings.load(redis_url=redis.url, file_roots=[folder])) as producer:
            producer.submit_scenes(
                [{"name": f"scene-{n}", **facts, "watermark": str(scene.watermark)} for n in range(scenes)],
                output=f"file://{folder}/busy", options={"zoom": ZOOM},
            )  # fmt: skip
        environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
        began = time.monotonic()
        with (folder / "worker.log").open("wb") as log:
            worker = subprocess.Popen([sys.executable, "-m", "container_worker"], env=environment, stdout=log, stderr=log)
        looks: list[int] = []
        done = threading.Event()
        watching = threading.Thread(target=_watch, args=(worker.pid, looks, done))
        watching.start()
        worker.wait()
        seconds = time.monotonic() - began
        done.set()
        watching.join()
    finally:
        redis.stop()
    made = len(list((folder / "busy").glob("*.mp4")))
    if made != scenes:
        raise RuntimeError(f"{made} of {scenes} scenes were made: {(folder / 'worker.log').read_text()[-2000:]}")
    first = next(at for at, count in enumerate(looks) if count)
    last = max(at for at, count in enumerate(looks) if count >= slots)
    shown = looks[first : last + 1]
    return {"busy_share": sum(min(slots, count) for count in shown) / (slots * len(shown)), "container_s": seconds}


def _watch(pid: int, looks: list[int], done: threading.Event) -> None:
    root = psutil.Process(pid)
    while not done.wait(_LOOK_S):
        count = 0
        try:
            for process in root.children(recursive=True):
                try:
                    count += "ffmpeg" in process.name() and "scene.mp4" in process.cmdline()
                except psutil.Error:
                    continue
        except psutil.Error:
            return
        looks.append(count)
