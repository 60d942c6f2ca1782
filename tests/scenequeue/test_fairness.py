"""Turns between jobs and lanes, at the sizes that matter; counted in leases, not in seconds."""

import pytest

from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit

_LARGE = 100_000


def _served(queue: SceneQueue, count: int, batch: int) -> list[JobId]:
    """Whose items the next `count` leases are."""
    return [lease.job_id for _ in range(count // batch) for lease in queue.worker.lease("c1", batch)]


@pytest.mark.parametrize("batch", [1, 5])
def test_a_small_job_behind_a_huge_one_is_the_very_next_and_soon_done(queue: SceneQueue, batch: int) -> None:
    """Ten items behind 100,000, of which many are leased already: at most every second lease goes elsewhere."""
    submit(queue, "huge", _LARGE)
    assert set(_served(queue, 50, batch)) == {"huge"}
    submit(queue, "small", 10)
    served = _served(queue, 20, batch)
    assert served[0] == "small"
    assert served.count(JobId("small")) == 10
    assert queue.producer.status("huge").counts.leased == 60
    for job in ("huge", "small"):
        queue.producer.cancel(job)


def test_urgent_work_is_the_next_lease(queue: SceneQueue) -> None:
    """Before any turn of a lane below, and until there is no more of it."""
    submit(queue, "huge", _LARGE)
    _served(queue, 10, 1)
    submit(queue, "urgent", 3, lane=Lane.URGENT)
    submit(queue, "bulk", 3, lane=Lane.BULK)
    assert _served(queue, 5, 1) == ["urgent"] * 3 + ["huge"] * 2
    for job in ("huge", "urgent", "bulk"):
        queue.producer.cancel(job)


def test_a_thousand_jobs_take_turns_and_none_is_left_out(queue: SceneQueue) -> None:
    """Each is served once before any is served twice."""
    count = 1_000
    for number in range(count):
        submit(queue, f"j{number}", 2)
    served = _served(queue, 2 * count, 10)
    assert sorted(served[:count]) == sorted(f"j{number}" for number in range(count))
    assert sorted(served[count:]) == sorted(f"j{number}" for number in range(count))
    for number in range(count):
        queue.producer.cancel(f"j{number}")
