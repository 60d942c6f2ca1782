"""A producer program that submits one planned job; it may be killed and run again, and submits the job once."""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator

import producer.client
import producer.work_items
import scenequeue.ports.job_writer
from chaos.scenes import KINDS, OPTIONS, PlannedJob
from producer.client import Producer
from sceneburst.counted import counted
from scenequeue.jobs.job import Lane
from scenequeue.settings import ProducerSettings

#: Scenes per round trip of a slow submission; with the usual 500 only a job of thousands could be killed in between.
CHUNK = 4
#: Seconds before a scene.
MAX_PAUSE_S = 0.06


def chunks_of(job: PlannedJob) -> int:
    """Return the number of round trips of a slow submission before the one that makes the job visible."""
    return -(-len(job.kinds) // CHUNK)


def main(plan: str, media: str, output: str, dies_after: str = "") -> None:
    """Submit the job, with inputs named by URI, so that missing ones are found by the worker.

    Args:
        plan: the job.
        media: URI prefix of the inputs.
        output: URI prefix of the videos.
        dies_after: chunks after which it kills itself, 0 for never; empty submits at full speed.
    """
    job = PlannedJob.from_json(plan)
    last = int(dies_after or 0)
    scenes: list[dict[str, object]] = [
        {
            "name": job.scene_name(index),
            "image": image if "://" in (image := KINDS[name].image) else f"{media}/{image}",
            "audio": f"{media}/{KINDS[name].audio}",
            **({"title": KINDS[name].title} if KINDS[name].title else {}),
        }
        for index, name in enumerate(job.kinds)
    ]
    # A newer producer writes its own wire version.
    producer.work_items.VERSION = job.version  # type: ignore[attr-defined]
    if dies_after:
        scenequeue.ports.job_writer.CHUNK = producer.client.CHUNK = CHUNK

    def on_progress(uploaded: int) -> None:
        if last and uploaded >= min(last * CHUNK, len(scenes)) and last <= chunks_of(job):
            _die(f"{uploaded} of {counted(len(scenes), 'scene')} were up")

    with Producer(settings=ProducerSettings.load()) as client:
        client.submit_scenes(
            _slowly(scenes) if dies_after else scenes,
            output=output,
            options=OPTIONS,
            lane=Lane(job.lane),
            job_id=job.job_id,
            max_attempts=job.max_attempts,
            check_files=False,
            on_progress=on_progress,
        )
        if last > chunks_of(job):
            _die("it was visible")
    print("submitted", flush=True)


def _slowly(scenes: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Pause before each scene, so that other faults happen during the submission too."""
    for scene in scenes:
        time.sleep(random.uniform(0, MAX_PAUSE_S))
        yield scene


def _die(when: str) -> None:
    print(f"killed when {when}", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:5])
