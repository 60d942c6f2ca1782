"""Chooses container size and batches for urgent, large and routine work."""

from typing import Literal, NamedTuple

from dispatcher.codes import Code
from scenequeue.errors import InvalidValue
from scenequeue.jobs.wishes import WishedJob

#: Above this number of scenes a job is large.
LARGE = 20


class Choice(NamedTuple):
    """Settings for one burst; names as in DispatcherSettings."""

    config_priority: int
    scenes_per_batch: int
    max_parallel_tasks: int


def choose_size(total_scenes: int, urgency: Literal["urgent", "routine"] = "routine") -> Choice:
    """Return the size that suits a burst.

    Urgent work gets the largest containers with one scene each; a large job, middle-sized ones; other jobs, small ones.

    Raises:
        ValueError: total_scenes is negative.
    """
    if total_scenes < 0:
        raise InvalidValue(Code.TOTAL_NEGATIVE, total_scenes=total_scenes)
    if urgency == "urgent":
        return Choice(config_priority=4, scenes_per_batch=1, max_parallel_tasks=max(1, min(total_scenes, 10)))
    if total_scenes > LARGE:
        return Choice(config_priority=2, scenes_per_batch=5, max_parallel_tasks=8)
    return Choice(config_priority=1, scenes_per_batch=3, max_parallel_tasks=4)


class Share(NamedTuple):
    """Sizes for spreading one job over containers; names as in DispatcherSettings."""

    config_priority: int
    scenes_per_batch: int
    max_parallel_tasks: int
    min_scenes_per_batch: int


#: Minimum number of scenes per container, if neither the job nor its batches name one.
MIN_BATCH = 5


def share_of(job: WishedJob) -> Share:
    """Complete a job's wishes: missing sizes follow from its lane and its length."""
    wishes, choice = job.wishes, choose_size(job.total, "urgent" if job.is_urgent else "routine")
    per_batch = wishes.scenes_per_batch or choice.scenes_per_batch
    return Share(
        config_priority=wishes.config_priority or choice.config_priority,
        scenes_per_batch=per_batch,
        max_parallel_tasks=wishes.max_parallel_tasks or choice.max_parallel_tasks,
        min_scenes_per_batch=wishes.min_scenes_per_batch or min(MIN_BATCH, per_batch),
    )
