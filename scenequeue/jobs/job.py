"""Defines jobs: what a caller submits, and their state."""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, computed_field, field_validator, model_validator

from scenequeue.jobs.address import Address
from scenequeue.jobs.ids import ItemId, JobId, Labels
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.options import FrozenModel, JobOptions, StrictModel
from scenequeue.jobs.wishes import JobWishes
from scenequeue.reasons import Reason

#: Maximum length of a message in an event; the item's history has the whole message.
_EVENT_MESSAGE_BYTES = 300


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
    """The properties shared by all items of a job."""

    job_id: JobId
    lane: Annotated[Lane, Field(strict=False)] = Lane.NORMAL
    #: Options of all items, by kind: {"render": {…}}.
    options: JobOptions = Field(default_factory=dict)
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    #: https:// URL that gets a signed POST when the job has ended.
    callback_url: Address | None = None
    #: Names and values of the caller, by which operators find jobs.
    labels: Labels = Field(default_factory=dict)
    #: Wishes for the containers; None follows the operator's settings, together with all other jobs.
    wishes: JobWishes | None = None
    #: Address of the folder for files that only its items read; the dispatcher removes it after the job. None if there is none.
    work_folder: Address | None = None

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
        """Number of items that a container works on, or could soon."""
        return self.ready + self.leased + self.delayed


class Callback(FrozenModel):
    """State of the posts to a job's callback address."""

    #: given_up: refused for good, or not accepted for a day.
    state: Literal["pending", "delivered", "given_up"] = "pending"
    tries: int = 0
    #: Code of the reason that the last post failed, with its parameters.
    code: str | None = None
    parameters: dict[str, Any] | None = None

    @computed_field(description="the reason that the last post failed, in words")  # type: ignore[prop-decorator]
    @property
    def error(self) -> str | None:
        """Return the reason that the last post failed as a sentence; None if it did not."""
        return Reason.kept_as(self.code, self.parameters).text if self.code else None

    @model_validator(mode="before")
    @classmethod
    def _without_words(cls, data: Any) -> Any:
        """Accept a dump of this model, whose sentence follows from the reason."""
        return {name: value for name, value in data.items() if name != "error"} if isinstance(data, dict) else data


class Pause(FrozenModel):
    """A pause in force: no leases are given of what it is about, and what is leased goes on."""

    #: "" for everything, lane=<lane>, or job=<id>.
    about: str
    #: The operator; "" for a program, or for an operator of an older version.
    by: str = ""
    why: str = ""
    #: Redis clock; 0 if unknown.
    since_ms: int = 0
    #: Ready items of a paused job; None for other pauses, as `Depth` has their numbers.
    ready: int | None = None


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
    #: Options of its scenes.
    options: RenderOptions = RenderOptions()
    #: Options of all its items, by kind, as the job was submitted.
    options_by_kind: JobOptions = Field(default_factory=dict, exclude=True)
    callback_url: str | None = None
    #: None without a callback address.
    callback: Callback | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    max_attempts: int = 3
    #: Needs of its ready items.
    ready_needs: tuple[str, ...] = Field((), exclude=True)
    #: The reason that nothing of it is worked on, if that was determined; see scenequeue/jobs/waiting.py.
    waits_because: Reason | None = None
    #: Its own pause; None if it has none, though its lane or everything may be paused.
    pause: Pause | None = None
    wishes: JobWishes | None = None

    @property
    def is_of_scenes(self) -> bool:
        """Return whether its items are scenes: those of other kinds have options of their own."""
        return not self.options_by_kind or RenderOptions.KEPT_AS in self.options_by_kind


class JobEvent(FrozenModel):
    """An event of a job. `event` is one of submitted, leased, spare, yielded, done, retry, released, reclaimed, dead,
    requeued, stage, paused, resumed, finished, cancelled.
    """

    #: Redis stream id; pass the last one to continue from there.
    id: str
    event: str
    at_ms: int
    item_id: ItemId | None = None
    #: Further fields of the event; `fields` has them too.
    facts: dict[str, str] = Field(default_factory=dict, exclude=True)
    #: Code of the reason that an attempt failed, with its parameters.
    code: str | None = None
    parameters: dict[str, Any] | None = None

    @computed_field(description="further facts, and as `message` the reason that an attempt failed")  # type: ignore[prop-decorator]
    @property
    def fields(self) -> dict[str, str]:
        """Return the facts, and the first line of the reason as `message`."""
        if self.code is None:
            return self.facts
        return {**self.facts, "message": _brief(Reason.kept_as(self.code, self.parameters).text)}

    @model_validator(mode="before")
    @classmethod
    def _with_facts(cls, data: Any) -> Any:
        """Read a dump, whose `fields` are the facts, and the words that are made of the reason."""
        if not isinstance(data, dict) or not isinstance(data.get("fields"), dict):
            return data
        given = {name: value for name, value in data.items() if name != "fields"}
        has_reason, fields = data.get("code"), data["fields"]
        return {**given, "facts": {name: fields[name] for name in fields if name != "message" or not has_reason}}


def _brief(message: str) -> str:
    """Return the first line of a message, cut between two characters if it is too long."""
    line = re.split(r"[\r\n]", message, maxsplit=1)[0].encode("utf-8", "replace")
    cut = line[:_EVENT_MESSAGE_BYTES].decode("utf-8", "ignore")
    return cut if len(line) <= _EVENT_MESSAGE_BYTES else f"{cut}…"


class WaitingItems(NamedTuple):
    """The ready items of one need in one lane."""

    lane: Lane
    need: str
    #: Number of items.
    ready: int
    #: Total weight, in the unit of their kind.
    weight: float
    #: Age of the job that has waited longest.
    oldest_s: float


class Depth(FrozenModel):
    """Numbers of items in the queue; O(1) to read."""

    counts: Counts
    #: Ready items per lane, without those of paused jobs.
    ready_by_lane: dict[Lane, int]
    #: Total weight of ready items, in seconds of video.
    ready_weight: float
    #: True if everything is paused.
    is_paused: bool = False
    paused_lanes: tuple[Lane, ...] = ()
    #: Ready items of paused jobs.
    ready_of_paused_jobs: int = 0
    #: Of the done items, the films.
    films: int = 0
    #: Of the done items, those that are neither scenes nor films, such as the parts of a transcoding.
    others: int = 0
    #: Counters in Redis that are not numbers; they count as 0.
    malformed: tuple[str, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def paused_items(self) -> int:
        """Return the number of ready items that no container gets because of a pause."""
        if self.is_paused:
            return self.counts.ready
        return self.ready_of_paused_jobs + sum(self.ready_by_lane.get(lane, 0) for lane in self.paused_lanes)

    @property
    def scenes_done(self) -> int:
        return self.counts.done - self.films - self.others
