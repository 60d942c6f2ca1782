"""The reason that the whole queue stands still, as the inspector reads it."""

from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit


def test_a_queue_of_which_all_is_paused_is_told_so(any_queue: SceneQueue) -> None:
    """By a lane's pause or a job's; not while anything else is ready."""
    queue = any_queue

    def why() -> str:
        reason = queue.inspect.stands_still_because(queue.inspect.depth().counts)
        assert reason is not None
        return reason.code

    submit(queue, "a", 1)
    submit(queue, "b", 1, lane=Lane.BULK)
    queue.operator.pause("ann", lane=Lane.BULK)
    assert why() == "no_dispatcher"
    queue.operator.pause("ann", job="a")
    assert why() == "lane_paused"
    queue.producer.cancel("b")
    assert why() == "job_paused"
    queue.operator.pause("ann")
    assert why() == "queue_paused"
