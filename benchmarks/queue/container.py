"""Fault figure: a container of a whole Sceneburst is killed, and the dispatcher gives its items back."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.queue.harness import RedisServer, pause
from chaos.scenes import PlannedJob, make_media
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings

_SCENES = 40
_LIMIT_S = 120.0
Row = dict[str, Any]


def container_killed(redis: RedisServer) -> Row:
    """Kill one of two containers in mid-work, with all settings at their defaults (30 s lease, 2 s ticks).

    Returns:
        `container_killed_seen_s`: seconds until all its items are ready again or leased by the other.

    Raises:
        RuntimeError: not all scenes were done in time.
    """
    with tempfile.TemporaryDirectory(prefix="queue-benchmark-") as name:
        folder = Path(name)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("SCENEBURST_")},
            "SCENEBURST_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "SCENEBURST_FLEET": "process",
            "SCENEBURST_STATE_DIR": str(folder / "fleet"),
            "SCENEBURST_SCRATCH_DIR": str(folder / "scratch"),
            "SCENEBURST_FILE_ROOTS": f'["{folder}"]',
            "SCENEBURST_MAX_CONTAINERS": "2",
            "SCENEBURST_SCENES_PER_BATCH": str(_SCENES // 2),
            "SCENEBURST_MIN_SCENES_PER_BATCH": "1",
        }
        make_media(folder / "media")
        (folder / "videos").mkdir()
        job = PlannedJob("killed", ("good",) * _SCENES, "normal", 5)
        with (folder / "dispatcher.log").open("wb") as log:
            argv = [sys.executable, "-m", "chaos.submitter", job.to_json(), f"file://{folder}/media", f"file://{folder}/videos"]
            subprocess.run(argv, env=environment, check=True, stdout=log, stderr=log, timeout=_LIMIT_S)
            dispatcher = subprocess.Popen([sys.executable, "-m", "dispatcher"], env=environment, stdout=log, stderr=log)
        try:
            queue = SceneQueue(SceneburstSettings.load(redis_url=environment["SCENEBURST_REDIS_URL"]))
            return _watch(queue, job, folder)
        finally:
            _end(folder)
            dispatcher.kill()
            dispatcher.wait()


def _watch(queue: SceneQueue, job: PlannedJob, folder: Path) -> Row:
    def leased() -> dict[str, str]:
        return {item.item_id: item.container_id for item in queue.inspect.leased()}

    deadline = time.monotonic() + _LIMIT_S
    while len(set((holders := leased()).values())) < 2 or queue.inspect.job(job.job_id).counts.done < _SCENES // 10:
        _still(deadline, folder)
    victim = next(iter(holders.values()))
    process = next(found for found in _workers(folder) if found.environ().get("SCENEBURST_CONTAINER_ID") == victim)
    process.kill()
    killed = time.monotonic()
    while victim in (holders := leased()).values():
        _still(deadline, folder)
    seen_s = time.monotonic() - killed
    while queue.inspect.job(job.job_id).counts.done < _SCENES:
        _still(deadline, folder)
    return {"container_killed_seen_s": round(seen_s, 2)}


def _still(deadline: float, folder: Path) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError((folder / "dispatcher.log").read_text()[-400:])
    pause(0.02)


def _workers(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get("SCENEBURST_STATE_DIR") == str(folder / "fleet")
            if is_ours and os.getsid(process.pid) == process.pid and "container_worker" in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _end(folder: Path) -> None:
    for process in psutil.process_iter():
        try:
            if process.environ().get("SCENEBURST_STATE_DIR") == str(folder / "fleet") and process.pid != os.getpid():
                process.kill()
        except (psutil.Error, OSError):
            continue
