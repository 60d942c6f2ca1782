"""Filters by which operators find jobs."""

from typing import Annotated, NamedTuple

from pydantic import Field

from scenequeue.jobs.ids import Labels
from scenequeue.jobs.job import JobState, JobStatus, Lane
from scenequeue.jobs.options import FrozenModel

#: Maximum number of jobs examined by one search: ids of the smallest index, or the newest jobs for labels without an index.
SEARCH_LIMIT = 10_000


class JobFilter(FrozenModel):
    """Properties that a job must have, all of them; missing ones match every job."""

    state: JobState | None = None
    lane: Lane | None = None
    labels: Labels = Field(default_factory=dict)
    #: Prefix of the job's id.
    name: Annotated[str, Field(max_length=128)] = ""
    #: Earliest submission: Unix milliseconds of the Redis clock.
    since_ms: Annotated[int, Field(ge=0)] | None = None
    #: Latest submission, likewise.
    until_ms: Annotated[int, Field(ge=0)] | None = None

    def matches(self, job: JobStatus) -> bool:
        """Return True if the job has all the properties."""
        return (
            (self.state is None or job.state is self.state)
            and (self.lane is None or job.lane is self.lane)
            and self.labels.items() <= job.labels.items()
            and job.job_id.startswith(self.name)
            and (self.since_ms is None or job.created_ms >= self.since_ms)
            and (self.until_ms is None or job.created_ms <= self.until_ms)
        )


class JobPage(NamedTuple):
    """The newest jobs that match a filter."""

    jobs: list[JobStatus]
    #: False if there may be more: the limit was reached, or the search was stopped.
    is_complete: bool
