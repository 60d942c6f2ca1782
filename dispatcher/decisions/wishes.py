"""Plans jobs with wishes: counts the items of each that present containers will take, and the containers to add."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.sizing import share_of
from scenequeue.counted import Number
from scenequeue.jobs.wishes import WishedJob

#: Jobs that a plan's sentence names.
_JOBS_NAMED = 3


class Order(NamedTuple):
    """One container to start."""

    batch: int
    config_priority: int
    #: The job whose wishes it follows; "" for the operator's settings.
    for_job: str = ""


class CoveredJob(NamedTuple):
    """A job with wishes, what of it nobody will take yet, and how many containers were launched by its wishes."""

    job: WishedJob
    uncovered: int
    containers: int


class Coverage(NamedTuple):
    """Jobs with wishes, and for all others together: ready items, those that nobody will take, and containers."""

    jobs: tuple[CoveredJob, ...]
    ready: int
    uncovered: int
    containers: int


def cover(ready: int, jobs: Sequence[WishedJob], containers: Iterable[tuple[str, int]]) -> Coverage:
    """Share out what containers will take.

    A container that was launched by a job's wishes counts for that job first. What it has left beyond, and what all others
    will take, counts for the jobs without wishes, and then for those with wishes, in their order: nobody is reserved.

    Args:
        ready: all ready items, those of the jobs with wishes included.
        jobs: with wishes.
        containers: of each that runs or starts, the job whose wishes it was launched by ("" for none), and how many ready
            items it will take.
    """
    capacity: dict[str, int] = {job.job_id: 0 for job in jobs}
    counts = dict.fromkeys(capacity, 0)
    spare = others = 0
    for for_job, takes in containers:
        if for_job in capacity:
            capacity[for_job] += takes
            counts[for_job] += 1
        else:
            spare += takes
            others += 1
    spare += sum(max(0, capacity[job.job_id] - job.ready) for job in jobs)
    rest = max(0, ready - sum(job.ready for job in jobs))
    uncovered = max(0, rest - spare)
    spare = max(0, spare - rest)
    covered = []
    for job in jobs:
        missing = max(0, job.ready - capacity[job.job_id])
        taken = min(spare, missing)
        spare -= taken
        covered.append(CoveredJob(job, missing - taken, counts[job.job_id]))
    return Coverage(tuple(covered), rest, uncovered, others)


def by_wishes(jobs: Sequence[CoveredJob], most: int) -> tuple[list[Order], list[str]]:
    """Containers for each job, and why; no more than `most` for each, and little more for all."""
    orders: list[Order] = []
    reasons: list[str] = []
    for covered in jobs:
        job, share = covered.job, share_of(covered.job)
        room = min(share.max_parallel_tasks, most) - covered.containers
        if not covered.uncovered or len(orders) > most:
            continue
        if room < 1:
            reasons.append(f"job {job.job_id} has {Number(covered.containers):the 1 container|all # containers} that it may have")
            continue
        batches = distribute(covered.uncovered, share.scenes_per_batch, room, share.min_scenes_per_batch)
        orders += [Order(batch, share.config_priority, job.job_id) for batch in batches]
        reasons.append(f"job {job.job_id} wishes about {share.scenes_per_batch} each, in at most {share.max_parallel_tasks}")
    more = len(reasons) - _JOBS_NAMED
    return orders, [*reasons[:_JOBS_NAMED], f"{Number(more):1 more job has|# more jobs have} wishes"] if more > 0 else reasons
