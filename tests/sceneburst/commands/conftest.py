"""A queue in which every command has something to show, and terminals of a given width."""

import io
from collections.abc import Callable

import pytest

from sceneburst.terminal import screen
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

JOB = "order-4711"
CONTAINER = ContainerId("c1795803472681-db7638f0")
REASON = "image is not a picture in a format that is read (JPEG, PNG, WEBP, GIF, BMP, TIFF)"


@pytest.fixture
def worked(queue: SceneQueue) -> SceneQueue:
    """A job with a done, a dead, a delayed and a ready scene, a job that waits, a container at work, and a plan."""
    submit(queue, JOB, 4, labels={"shop": "north"})
    submit(queue, "later", 2, lane=Lane.BULK)
    fence = queue.dispatcher.acquire("test", 30) or 0
    record = ContainerRecord(
        container_id=CONTAINER, fleet="process", vcpu=2, memory_mib=4096, slots=1, done=1, failed=2, progress={f"{JOB}/0-3": 0.5}
    )
    queue.dispatcher.record_intents(fence, [record])
    queue.dispatcher.record_launched(fence, CONTAINER, "handle")
    queue.dispatcher.publish_plan(
        '{"why": "4 ready → 1 container × 4, because batches of about 10, at least 1, in at most 2", "at_ms": 1, '
        '"usd_per_hour": 0.1}'
    )
    first, second, third = queue.worker.lease(CONTAINER, 3)
    queue.worker.ack(
        CONTAINER, [(first, done(first)[1].model_copy(update={"output": "s3://b/scene0.mp4", "container": CONTAINER}))]
    )
    queue.worker.fail(CONTAINER, second, "BadInput", said(REASON), transient=False)
    queue.worker.fail(CONTAINER, third, "StorageUnavailable", said("s3 answers 503"), transient=True, retry_in_s=600)
    queue.worker.beat(record)
    queue.dispatcher.resign("test")
    return queue


@pytest.fixture
def at_width(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes standard output and error terminals of this many columns."""

    def set_width(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        for console in (screen.out, screen.err):
            monkeypatch.setattr(console, "_width", columns)

    return set_width


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Types this at the next question."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))
