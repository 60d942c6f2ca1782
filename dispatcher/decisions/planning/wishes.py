"""Plans the containers of jobs with wishes, one job after another."""

from collections.abc import Sequence
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.planning.launch_limits import Order
from dispatcher.decisions.sizing import share_of
from scenequeue.jobs.wishes import WishedJob
from scenequeue.reasons import Reason

#: Maximum number of jobs named in a plan's sentence.
_JOBS_NAMED = 3


class CoveredJob(NamedTuple):
    """A job with wishes: its items that no container will take, and the number of containers launched for its wishes."""

    job: WishedJob
    uncovered: int
    containers: int
    #: The image that its containers are started from; "" if the image has no name.
    image: str = ""
    #: The needs that they are started for.
    needs: tuple[str, ...] = ()


def by_wishes(jobs: Sequence[CoveredJob], most: int) -> tuple[list[Order], list[Reason]]:
    """Return orders for each job, with reasons: at most `most` orders for each job, and few more in total."""
    orders: list[Order] = []
    reasons: list[Reason] = []
    for covered in jobs:
        job, share = covered.job, share_of(covered.job)
        room = min(share.max_parallel_tasks, most) - covered.containers
        if not covered.uncovered or len(orders) > most:
            continue
        if room < 1:
            reasons.append(Reason(Code.WISHES_FULL, {"job_id": job.job_id, "containers": covered.containers}))
            continue
        batches = distribute(covered.uncovered, share.scenes_per_batch, room, share.min_scenes_per_batch)
        orders += [Order(batch, share.config_priority, job.job_id, covered.image, covered.needs) for batch in batches]
        per_batch, most_each = share.scenes_per_batch, share.max_parallel_tasks
        reasons.append(Reason(Code.WISHES, {"job_id": job.job_id, "items": per_batch, "most": most_each}))
    more = len(reasons) - _JOBS_NAMED
    return orders, [*reasons[:_JOBS_NAMED], Reason(Code.WISHES_MORE, {"jobs": more})] if more > 0 else reasons
