"""Defines a job's wishes for the containers that do its work."""

from typing import Annotated, NamedTuple

from pydantic import Field

from scenequeue.jobs.ids import JobId
from scenequeue.jobs.options import FrozenModel

_Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class JobWishes(FrozenModel):
    """Sizes for the distribution of a job over containers, within the operator's bounds.

    Missing wishes follow from the job's lane and length (dispatcher/decisions/sizing.py). Containers are not reserved: any
    free container takes the work.
    """

    #: Items per launched container.
    scenes_per_batch: _Count | None = None
    #: Maximum number of containers at once.
    max_parallel_tasks: _Count | None = None
    #: Minimum number of items per container; by default 5, or `scenes_per_batch` if that is less.
    min_scenes_per_batch: _Count | None = None
    #: Size of the containers: 1 2vCPU/4GiB, 2 4/8, 3 8/16, 4 16/32, 5 1/2.
    config_priority: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None


class WishedJob(NamedTuple):
    """An active job with wishes, in the form that the planner needs."""

    job_id: JobId
    is_urgent: bool
    #: Number of all its items, in any state.
    total: int
    ready: int
    #: Total weight of its ready items, in seconds of video.
    ready_weight: float
    wishes: JobWishes
    #: Need of its ready items; "" if unknown.
    need: str = ""
