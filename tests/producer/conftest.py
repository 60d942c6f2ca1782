"""Fixtures shared by the producer's tests."""

from collections.abc import Iterator

import pytest

from producer import Producer
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings


@pytest.fixture
def producer(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Producer]:
    """A producer without a file root of its own, which leaves files in place; unfinished jobs are cancelled afterwards."""
    with Producer(settings=ProducerSettings.load(redis_url=redis_url, namespace=namespace)) as producer:
        yield producer
    for job in queue.inspect.jobs():
        if job.state is JobState.ACTIVE:
            queue.producer.cancel(job.job_id)
