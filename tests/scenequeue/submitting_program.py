"""Submits one job in many small chunks, to be killed at any point; prints a line per chunk that is uploaded."""

import sys

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.ports import job_writer, producer
from scenequeue.queue import SceneQueue

#: Items of a chunk.
CHUNK = 100


def main(redis_url: str, namespace: str, job_id: str, count: int) -> None:
    """Submit `count` items, reporting progress on standard output."""
    producer.CHUNK = job_writer.CHUNK = CHUNK
    queue = SceneQueue.connect(redis_url, namespace)
    items = (WorkItem(name=f"scene{index}", payload={"n": index}) for index in range(count))
    spec = JobSpec(job_id=check_job_id(job_id))
    queue.producer.submit(spec, [items], on_progress=lambda done: print(done, flush=True))
    print("submitted", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
