"""An operator ends the pauses before a job's retries."""

import pytest

from scenequeue.errors import JobNotFound
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


def test_retries_of_a_job_are_due_now_and_those_of_others_as_before(any_queue: SceneQueue) -> None:
    """Once; it is an act with the number of items, and a retry that was due already is none."""
    queue = any_queue
    for job in ("a", "b"):
        submit(queue, job, 2)
    for lease in queue.worker.lease("c1", 4):
        queue.worker.fail("c1", lease, "ToolFailed", said("no"), transient=True, retry_in_s=300)
    assert queue.worker.lease("c1", 4) == []
    assert queue.operator.retry_now("a", "ann", "the tool is mended") == 2
    assert queue.operator.retry_now("a", "bob") == 0
    queue.dispatcher.reclaim()
    leases = queue.worker.lease("c1", 4)
    assert [(lease.job_id, lease.attempt) for lease in leases] == [("a", 2), ("a", 2)]
    queue.worker.ack("c1", [done(lease) for lease in leases])
    assert [(act.by, act.act, act.about, act.amount, act.why) for act in queue.inspect.acts()] == [
        ("ann", "retry", "job=a", 2, "the tool is mended")
    ]
    assert queue.inspect.depth().counts.delayed == 2
    with pytest.raises(JobNotFound):
        queue.operator.retry_now("none", "ann")
