"""An API for tests that need nothing else of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.sceneburst.http_api.serving import Api, serving


@pytest.fixture
def api(queue: SceneQueue, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Api]:
    """An API that shares a folder with its workers; unfinished jobs are cancelled afterwards."""
    with serving(redis_url, namespace, file_roots=[tmp_path]) as api:
        yield api
    for status in queue.inspect.jobs():
        if status.state is JobState.ACTIVE:
            queue.producer.cancel(status.job_id)
