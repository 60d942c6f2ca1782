"""The messages: jobs, work items, leases and results, as they travel through Redis."""

import json
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field, field_validator, model_validator
from pydantic_core import from_json

from scenequeue.address import Address, InputAddress
from scenequeue.names import ContainerId, ItemId, JobId, Labels, LeaseToken, SceneName, Title
from scenequeue.options import FrozenModel, RenderOptions, StrictModel
from scenequeue.reasons import Reason
from scenequeue.wishes import JobWishes

#: Version of the wire format. A worker leaves items with a newer one to others.
WIRE_VERSION = 1
#: Heaviest item, in seconds of video: 115 days. Sums of a million of these are still exact in Lua's numbers.
MAX_WEIGHT_S = 1e7


class Lane(StrEnum):
    """A priority class; served strictly in this order."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class ItemState(StrEnum):
    """The states of an item; it is in exactly one of them at any moment."""

    WAITING = "waiting"  #: in a later stage that has not opened
    READY = "ready"
    LEASED = "leased"
    DELAYED = "delayed"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"  #: its job was cancelled or its stage never opened, or its dead letter was discarded


class JobState(StrEnum):
    """The states of a job. All but `active` are final, though a requeued dead letter makes it active again."""

    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"  #: nothing left to do, and at least one item was given up: a dead letter, kept or discarded
    CANCELLED = "cancelled"
    MALFORMED = "malformed"  #: its keys in Redis are incomplete, or were written by something else


#: The fields of a scene that name what it is made of.
INPUT_ROLES = ("image", "audio", "subtitles", "watermark", "music")


class Scene(StrictModel):
    """The user's unit: a picture and a narration become one MP4.

    Its inputs are local paths when handed to a producer and URIs (s3://, https://, file://) on the queue. `options`
    overrides the job's, field by field.
    """

    name: SceneName
    image: InputAddress
    audio: InputAddress
    subtitles: InputAddress | None = None
    watermark: InputAddress | None = None
    music: InputAddress | None = None
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class RenderPayload(FrozenModel):
    """Everything that a worker needs to render one scene. Every address is a URI."""

    image: str
    audio: str
    subtitles: str | None = None
    watermark: str | None = None
    music: str | None = None
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    #: Seconds from either end at which a film will cut: a keyframe is put there.
    cut_s: Annotated[float, Field(ge=0.0)] | None = None
    #: Where the MP4 goes, once, whole.
    output: str


def inputs_of(scene: Scene | RenderPayload) -> dict[str, str]:
    """The places of a scene's inputs, by role; those that are not given are left out."""
    return {role: place for role in INPUT_ROLES if (place := getattr(scene, role)) is not None}


class WorkItem(BaseModel):
    """One unit of work on the queue. Its id is not inside: it stands in front of the JSON."""

    model_config = ConfigDict(frozen=True)

    v: int = WIRE_VERSION
    #: render or stitch, and later probe, encode, copy, run.
    kind: str = "render"
    name: SceneName
    #: Estimated cost: seconds of video.
    weight: Annotated[float, Field(ge=0.0, le=MAX_WEIGHT_S, allow_inf_nan=False)] = 1.0
    payload: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def read(cls, body: str) -> Self:
        """The item; of a newer wire format that this version cannot read, only that it is one.

        Raises:
            ValidationError: it is none.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            version = _version_of(body)
            if version <= WIRE_VERSION:
                raise
            return cls(v=version, kind="newer", name="newer")

    @classmethod
    def shown(cls, body: str) -> Self:
        """The item for an operator's eyes: what is not one, by a foreign producer's fault, has kind `malformed`."""
        try:
            return cls.read(body)
        except ValidationError:
            return cls(kind="malformed", name="malformed", payload={"body": body})


def _version_of(body: str) -> int:
    try:
        # Not json.loads: it raises RecursionError for a body that is nested too deep.
        version = from_json(body)["v"]
    except (ValueError, TypeError, KeyError):
        return WIRE_VERSION
    return version if isinstance(version, int) else WIRE_VERSION


class JobSpec(StrictModel):
    """The properties that all items of a job share."""

    job_id: JobId
    lane: Annotated[Lane, Field(strict=False)] = Lane.NORMAL
    options: RenderOptions = RenderOptions()
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    #: https:// URL that gets a signed POST when the job ends.
    callback_url: Address | None = None
    #: Words of the caller by name; shown to operators, who find jobs by them.
    labels: Labels = Field(default_factory=dict)
    #: How it is to be spread over containers; None: as the operator's settings say, together with all others.
    wishes: JobWishes | None = None


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
    options: RenderOptions = RenderOptions()
    callback_url: str | None = None
    #: None where the job has no callback address.
    callback: Callback | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    max_attempts: int = 3
    #: Why nothing of it is worked on, where that was looked for; see scenequeue/waiting.py.
    waits_because: Reason | None = None
    wishes: JobWishes | None = None


class Lease(NamedTuple):
    """The right to work on one item until `deadline_ms` (Redis clock), proven by `token`."""

    job_id: JobId
    item_id: ItemId
    token: LeaseToken
    #: This run's number, from 1.
    attempt: int
    deadline_ms: int
    item: WorkItem


class ItemErrorRecord(FrozenModel):
    """The reason that one attempt at an item failed."""

    attempt: int
    #: Class name from scenequeue.errors, or LeaseExpired / ContainerLost / NotSetUp / MessageLost.
    error: str
    message: str
    container: str
    at_ms: int


class Warned(FrozenModel):
    """Something a person should know about a finished item."""

    code: str
    text: str


class ItemResult(FrozenModel):
    """The end of one item: its output, or the reason that there is none."""

    item_id: ItemId
    name: str
    state: Literal["done", "dead", "dropped"]
    output: str | None = None
    duration_s: float | None = None
    bytes: int | None = None
    #: Seconds of fetching, rendering and uploading together; waiting for a slot is not counted.
    processing_s: float | None = None
    attempts: int = 1
    container: str | None = None
    #: The class and message of the last error, for a dead letter.
    error: str | None = None
    #: Anything the kind reports beyond this (fingerprint, sha256, reused, warnings as codes with parameters).
    details: dict[str, Any] = Field(default_factory=dict)

    @computed_field(description="what a person should know about the video: a code for programs, and a sentence")  # type: ignore[prop-decorator]
    @property
    def warnings(self) -> list[Warned]:
        """The warnings in words."""
        kept = self.details.get("warnings")
        return [Warned(**Reason.from_json(each).to_people()) for each in (kept if isinstance(kept, list) else ())]

    @model_validator(mode="before")
    @classmethod
    def _without_words(cls, data: Any) -> Any:
        """A dump says the warnings twice; they are read from `details`."""
        return {name: value for name, value in data.items() if name != "warnings"} if isinstance(data, dict) else data

    def wire(self) -> str:
        """As it is kept: without what is made of `details`, which readers of older versions do not know."""
        return self.model_dump_json(exclude_none=True, exclude={"warnings"})


class DeadLetter(FrozenModel):
    """An item that was given up, with its whole error history."""

    job_id: JobId
    item_id: ItemId
    lane: Lane
    buried_ms: int
    attempts: int
    errors: list[ItemErrorRecord]
    item: WorkItem

    @field_validator("item", mode="before")
    @classmethod
    def _shown(cls, item: object) -> object:
        return item if isinstance(item, WorkItem) else WorkItem.shown(item if isinstance(item, str) else json.dumps(item))


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


#: How the exit reason of a container begins that left because its own surroundings were broken.
BROKEN = "broken: "


class ContainerRecord(FrozenModel):
    """Everything known of a container: the dispatcher's launch record and the worker's beat in one.

    `state`: intended (written before the launch), launched, running, draining, gone, failed.
    Advisory: losing it loses no work.
    """

    container_id: ContainerId
    state: Literal["intended", "launched", "running", "draining", "gone", "failed"] = "running"
    fleet: str = ""
    #: The fleet's own name for it: an ARN, a Docker id, a process id.
    handle: str = ""
    region: str = ""
    vcpu: float = 0.0
    memory_mib: int = 0
    is_spot: bool = False
    architecture: str = "x86_64"
    #: Ephemeral storage, where it is paid for.
    ephemeral_gib: int = 0
    #: Items it was launched for.
    batch: int = 0
    #: The job whose wishes it was launched by, if any; it takes others' work all the same.
    for_job: str = ""
    fence: int = 0
    intended_ms: int = 0
    launched_ms: int = 0
    started_ms: int = 0
    beat_ms: int = 0
    #: Since when it has held no item; 0 while it works.
    idle_since_ms: int = 0
    ended_ms: int = 0
    exit_reason: str = ""
    slots: int = 0
    held: int = 0
    done: int = 0
    failed: int = 0
    is_draining: bool = False
    host: str = ""
    version: str = ""
    #: How far it keeps the programs that read users' files apart: uid, landlock, seccomp, none; "" where it is not known.
    isolation: str = ""
    #: item key "<job>/<item>" -> share done, 0 to 1.
    progress: dict[str, float] = Field(default_factory=dict)
    #: What the container is busy with or stuck on, in words.
    note: str = ""
    #: Kinds and versions of what it leased and could not do, since it last began an item; "" where there was none.
    unserved: str = ""
    #: File on the dispatcher's machine that its output goes to; "" where that is no file.
    log: str = ""


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
