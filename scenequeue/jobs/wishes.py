"""Wishes of a job about the containers that do its work."""

from typing import Annotated, NamedTuple

from pydantic import Field

from scenequeue.jobs.ids import JobId
from scenequeue.jobs.options import FrozenModel

_Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class JobWishes(FrozenModel):
    """Sizes by which a job is spread over containers, within the operator's bounds.

    What is not wished follows the job's lane and length (dispatcher/decisions/sizing.py). Containers are not reserved: whoever is
    free takes the work.
    """

    #: Items that a container is launched for.
    scenes_per_batch: _Count | None = None
    #: Most containers at once.
    max_parallel_tasks: _Count | None = None
    #: Fewest items worth a container; not given: 5, or `scenes_per_batch` where that is less.
    min_scenes_per_batch: _Count | None = None
    #: Size of the containers: 1 2vCPU/4GiB, 2 4/8, 3 8/16, 4 16/32, 5 1/2.
    config_priority: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None


class WishedJob(NamedTuple):
    """An active job with wishes, as the planner needs it."""

    job_id: JobId
    is_urgent: bool
    #: All its items, whatever became of them.
    total: int
    ready: int
    #: Of its ready items, in seconds of video.
    ready_weight: float
    wishes: JobWishes
    #: What its ready items ask of their container; "" where the queue does not tell.
    need: str = ""
