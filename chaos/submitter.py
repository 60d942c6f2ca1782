"""One producer program: submits a planned job; killed at any moment and run again, it submits it once."""

import functools
import os
import random
import signal
import sys
import time
from collections.abc import Iterator

import producer.client
import producer.work_items
import scenequeue.ports.producer
from chaos.scenes import KINDS, OPTIONS, PlannedJob
from producer.client import Producer
from scenequeue.counted import counted
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Lane
from scenequeue.settings import ProducerSettings

#: Scenes per round trip where a submission is drawn out: 500, as else, would take a job of thousands to be killed inside.
CHUNK = 4
#: Longest pause before a scene, in seconds.
_PAUSE_S = 0.06


def chunks_of(job: PlannedJob) -> int:
    """In how many round trips a drawn-out submission goes up, before the one that makes it visible."""
    return -(-len(job.kinds) // CHUNK)


def main(plan: str, media: str, output: str, dies_after: str = "") -> None:
    """Submit the job; inputs are named by URI, so that a missing one is found by the worker.

    Args:
        plan: the job.
        media: URI prefix of the inputs.
        output: URI prefix of the videos.
        dies_after: chunks after which it kills itself, 0 for never; with any number the submission is drawn out.
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
    # As a newer producer would.
    producer.work_items.WorkItem = functools.partial(WorkItem, v=job.version)  # type: ignore[assignment,attr-defined]
    if dies_after:
        scenequeue.ports.producer._CHUNK = producer.client.CHUNK = CHUNK

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
    """So that other faults fall into the submission too."""
    for scene in scenes:
        time.sleep(random.uniform(0, _PAUSE_S))
        yield scene


def _die(when: str) -> None:
    print(f"killed when {when}", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:5])
