"""Nothing is launched for paused lanes and jobs, with or without wishes; the rest is planned as ever."""

from dispatcher.tick import Dispatcher
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.jobs.wishes import JobWishes
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings
from tests.dispatcher.no_fleet import NoFleet
from tests.scenequeue.jobs import items, submit


def test_paused_work_is_no_backlog_until_it_is_resumed(queue: SceneQueue, settings: DispatcherSettings) -> None:
    """A job, a lane, and a job with wishes of its own; the plan says how many items are paused."""
    dispatcher = Dispatcher(queue, NoFleet(), settings)
    submit(queue, "late", 2, lane=Lane.BULK)
    submit(queue, "held", 3)
    spec = JobSpec(job_id=check_job_id("wishes"), wishes=JobWishes(scenes_per_batch=1))
    queue.producer.submit(spec, [items(2)])
    queue.operator.pause("ann", lane=Lane.BULK)
    for job in ("held", "wishes"):
        queue.operator.pause("ann", job=job)

    def planned() -> tuple[int, int]:
        made = dispatcher.tick()
        assert made is not None
        return made.ready, sum(made.launches)

    assert planned() == (0, 0)
    plan = queue.inspect.plan()
    assert plan is not None
    assert plan["why"].text.endswith("; 7 items are paused")
    queue.operator.resume("ann", job="wishes")
    assert planned() == (2, 2)
    queue.operator.resume("ann", job="held")
    assert planned() == (5, 3)
    queue.operator.resume("ann", lane=Lane.BULK)
    assert planned() == (7, 2)
    dispatcher.close()
