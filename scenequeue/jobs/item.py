"""Defines work items, the units of work on the queue, and the leases by which containers hold them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from scenequeue.jobs.ids import ItemId, JobId, KindName, LeaseToken, SceneName

#: Version of the wire format. A worker leaves items with a newer one to others.
WIRE_VERSION = 1
#: Maximum weight of an item, in the unit of its kind; as seconds of video, 115 days. The steps count in thousandths, and add up
#: 900,000 of these exactly.
MAX_WEIGHT_S = 1e7

#: Kind and version together make a need, of which the steps accept 64 characters.
MAX_VERSION = 9_999_999


class ItemState(StrEnum):
    """The states of an item; it is in exactly one of them at any moment."""

    WAITING = "waiting"  #: in a later stage that has not opened
    READY = "ready"
    LEASED = "leased"
    DELAYED = "delayed"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"  #: its job was cancelled or its stage never opened, or its dead letter was discarded


class WorkItem(BaseModel):
    """One unit of work on the queue. Its id is not included: on the queue it precedes the JSON."""

    model_config = ConfigDict(frozen=True)

    #: Version of its kind.
    v: Annotated[int, Field(ge=0, le=MAX_VERSION)] = WIRE_VERSION
    #: Name of a file in scenequeue/jobs/kinds.
    kind: KindName = "render"
    name: SceneName
    #: Estimated cost, in the UNIT of its kind (seconds of video for scenes).
    weight: Annotated[float, Field(ge=0.0, le=MAX_WEIGHT_S, allow_inf_nan=False)] = 1.0
    payload: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def read(cls, body: str) -> Self:
        """Parse an item; for a newer wire format that this version cannot read, return only its kind.

        Raises:
            ValidationError: it is not an item.
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
        """Parse an item for display; anything else, written by a foreign producer, becomes an item of kind `malformed`."""
        try:
            return cls.read(body)
        except ValidationError:
            return cls(kind="malformed", name="malformed", payload={"body": body})


def _version_of(body: str) -> int:
    try:
        # json.loads would raise RecursionError for a body that is nested too deeply.
        version = from_json(body)["v"]
    except (ValueError, TypeError, KeyError):
        return WIRE_VERSION
    return version if isinstance(version, int) else WIRE_VERSION


class Lease(NamedTuple):
    """The right to work on one item until `deadline_ms` (Redis clock), proven by `token`."""

    job_id: JobId
    item_id: ItemId
    token: LeaseToken
    #: Number of this attempt, from 1.
    attempt: int
    deadline_ms: int
    item: WorkItem
    #: The item's journal: notes of earlier attempts, by name.
    notes: Mapping[str, str] = MappingProxyType({})
    #: Number of the structure of keys that holds the item; 0 is the newest.
    structure: int = 0
