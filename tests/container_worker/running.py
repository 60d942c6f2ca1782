"""A work loop in a thread, and the common steps of its tests."""

import threading
from dataclasses import dataclass, field

from container_worker.drain import Drain
from container_worker.exit_codes import Exit
from container_worker.kind import ItemContext
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import waiting_needs
from tests.support.waiting import wait_until


@dataclass
class Running:
    """A loop in a thread."""

    drain: Drain
    result: list[Exit | BaseException] = field(default_factory=list)
    thread: threading.Thread | None = None

    def wait(self) -> Exit | BaseException:
        assert self.thread is not None
        self.thread.join(60)
        assert not self.thread.is_alive(), "the loop does not leave"
        return self.result[0]


def done(work: ItemContext) -> None:
    """Done in no time."""
    with work.slot():
        pass


def is_done(queue: SceneQueue, job_id: str = "a") -> bool:
    return queue.producer.status(job_id).state is JobState.DONE


def attempts_of_the_ready(queue: SceneQueue, count: int) -> list[int]:
    """Lease what is ready as somebody else, and cancel the job."""
    leases = wait_until(lambda: queue.worker.lease("other", count, serves=waiting_needs(queue)), "something is ready")
    attempts = [lease.attempt for lease in leases]
    queue.worker.release("other", leases)
    queue.producer.cancel("a")
    return attempts
