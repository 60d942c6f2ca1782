"""Jobs: what a caller submits, and the state that it is in."""

from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import ItemId, JobId, Labels
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.options import FrozenModel, JobOptions, StrictModel
from scenequeue.jobs.wishes import JobWishes
from scenequeue.reasons import Reason


class Lane(StrEnum):
    """A priority class; served strictly in this order."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class JobState(StrEnum):
    """The states of a job. All but `active` are final, though a requeued dead letter makes it active again."""

    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"  #: nothing left to do, and at least one item was given up: a dead letter, kept or discarded
    CANCELLED = "cancelled"
    MALFORMED = "malformed"  #: its keys in Redis are incomplete, or were written by something else


class JobSpec(StrictModel):
    """The properties that all items of a job share."""

    job_id: JobId
    lane: Annotated[Lane, Field(strict=False)] = Lane.NORMAL
    #: What all items of a kind share: {"render": {…}}.
    options: JobOptions = Field(default_factory=dict)
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    #: https:// URL that gets a signed POST when the job ends.
    callback_url: Address | None = None
    #: Words of the caller by name; shown to operators, who find jobs by them.
    labels: Labels = Field(default_factory=dict)
    #: How it is to be spread over containers; None: as the operator's settings say, together with all others.
    wishes: JobWishes | None = None

    @field_validator("options")
    @classmethod
    def _options_of_scenes(cls, options: JobOptions) -> JobOptions:
        RenderOptions.of_job(options)
        return options


class Counts(FrozenModel):
    """Numbers of items in each state; they add up to `total` at any moment."""

    waiting: int = 0
    ready: int = 0
    leased: int = 0
    delayed: int = 0
    done: int = 0
    dead: int = 0
    dropped: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.ready + self.leased + self.delayed + self.done + self.dead + self.dropped

    @property
    def in_work(self) -> int:
        """Items that a container has or could have soon."""
        return self.ready + self.leased + self.delayed


class Callback(FrozenModel):
    """The posts to a job's callback address so far."""

    #: given_up: refused for good, or not taken for a day.
    state: Literal["pending", "delivered", "given_up"] = "pending"
    tries: int = 0
    #: Why the last one failed.
    error: str | None = None


class JobStatus(FrozenModel):
    """A job at one moment. Times are Unix milliseconds of the Redis clock."""

    job_id: JobId
    state: JobState
    lane: Lane
    counts: Counts
    created_ms: int
    finished_ms: int | None = None
    stage: int = 0
    stages: int = 1
    #: Those of its scenes.
    options: RenderOptions = RenderOptions()
    callback_url: str | None = None
    #: None where the job has no callback address.
    callback: Callback | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    max_attempts: int = 3
    #: What its ready items ask of their containers.
    ready_needs: tuple[str, ...] = Field((), exclude=True)
    #: Why nothing of it is worked on, where that was looked for; see scenequeue/jobs/waiting.py.
    waits_because: Reason | None = None
    wishes: JobWishes | None = None


class JobEvent(FrozenModel):
    """One thing that happened to a job. `event` is one of submitted, leased, done, retry, released,
    reclaimed, dead, requeued, stage, finished, cancelled.
    """

    #: Redis stream id; pass the last one seen to go on from there.
    id: str
    event: str
    at_ms: int
    item_id: ItemId | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    #: Why an attempt failed, where it did; `fields` has the sentence.
    code: str | None = None
    parameters: dict[str, Any] | None = None


class WaitingItems(NamedTuple):
    """The ready items of one need in one lane."""

    lane: Lane
    need: str
    #: How many.
    ready: int
    #: Of all of them, in the unit of their kind.
    weight: float
    #: Age of the job that has waited longest.
    oldest_s: float


class Depth(FrozenModel):
    """The queue at a glance; O(1) to read."""

    counts: Counts
    #: ready items per lane.
    ready_by_lane: dict[Lane, int]
    #: sum of the weights of ready items, in seconds of video.
    ready_weight: float
    is_paused: bool = False
    #: Counters of the queue that are no numbers in Redis; they count as 0.
    malformed: tuple[str, ...] = ()
