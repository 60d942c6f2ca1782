"""One producer program: submits a planned job; killed at any moment and run again, it submits it once."""

import sys

from chaos.scenes import FPS, KINDS, PlannedJob
from producer.client import Producer
from scenequeue.items import Lane
from scenequeue.settings import ProducerSettings


def main(plan: str, media: str, output: str) -> None:
    """Submit the job; inputs are named by URI, so that a missing one is found by the worker."""
    job = PlannedJob.from_json(plan)
    scenes = [
        {"name": job.scene_name(index), "image": f"{media}/{KINDS[name].image}", "audio": f"{media}/{KINDS[name].audio}"}
        for index, name in enumerate(job.kinds)
    ]
    with Producer(settings=ProducerSettings.load()) as producer:
        producer.submit_scenes(
            scenes,
            output=output,
            options={"resolution": "360p", "fps": FPS, "motion": "none"},
            lane=Lane(job.lane),
            job_id=job.job_id,
            max_attempts=job.max_attempts,
            check_files=False,
        )
    print("submitted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
