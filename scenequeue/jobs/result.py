"""Defines results: the outcome of an item."""

import json
from typing import Any, Literal

from pydantic import Field, computed_field, field_validator, model_validator

from scenequeue.jobs.artifact import Artifact
from scenequeue.jobs.ids import ItemId, JobId, is_scene
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import FrozenModel
from scenequeue.reasons import Reason


class Warned(FrozenModel):
    """A warning about a finished item."""

    code: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    text: str


class ItemResult(FrozenModel):
    """The outcome of one item: its output, or the reason that there is none."""

    item_id: ItemId
    name: str
    state: Literal["done", "dead", "dropped"]
    #: The address of the first artifact.
    output: str | None = None
    #: The files that were made, the main one first.
    artifacts: list[Artifact] = Field(default_factory=list)
    duration_s: float | None = None
    bytes: int | None = None
    #: Seconds of fetching, rendering and uploading; waiting for a slot is not included.
    processing_s: float | None = None
    attempts: int = 1
    container: str | None = None
    #: Class of the last error, for a dead letter; shown as the beginning of `error`.
    error_class: str | None = Field(None, exclude=True)
    #: Code of that error's reason, with its parameters.
    code: str | None = None
    parameters: dict[str, Any] | None = None
    #: Further facts reported by the worker (kind, fingerprint, sha256, reused, warnings as codes with parameters).
    details: dict[str, Any] = Field(default_factory=dict)

    @computed_field(description="what a person should know about the video: a code with parameters for programs, and a sentence")  # type: ignore[prop-decorator]
    @property
    def warnings(self) -> list[Warned]:
        """Return the warnings as sentences."""
        kept = self.details.get("warnings")
        return [Warned(**Reason.from_json(each).to_people()) for each in (kept if isinstance(kept, list) else ())]

    @computed_field(description="class and reason of the last error, for a dead letter")  # type: ignore[prop-decorator]
    @property
    def error(self) -> str | None:
        """Return the class and the reason of the last error as a sentence; None for an item that is no dead letter."""
        if self.code is None:
            return None
        text = Reason.kept_as(self.code, self.parameters).text
        return f"{self.error_class}: {text}" if self.error_class else text

    @model_validator(mode="before")
    @classmethod
    def _without_words(cls, data: Any) -> Any:
        """Accept a dump of this model: its sentences are ignored, except an error that has neither class nor code."""
        if not isinstance(data, dict) or data.keys().isdisjoint({"warnings", "error"}):
            return data
        given = {name: value for name, value in data.items() if name not in {"warnings", "error"}}
        error = data.get("error")
        if not isinstance(error, str) or "error_class" in data:
            return given
        before, is_there, behind = error.partition(": ")
        named, text = (before, behind) if is_there and before.isidentifier() else (None, error)
        own = {} if given.get("code") else Reason.from_json(text).to_json()
        return {**given, **own, "error_class": named}

    @property
    def is_scene(self) -> bool:
        """True for a scene."""
        # Earlier versions reported no kind; all items of their first stages were scenes.
        kind = self.details.get("kind")
        return is_scene(kind) if isinstance(kind, str) else self.item_id.startswith("0-")

    def wire(self) -> str:
        """Return the JSON that a finished item's result is stored as; fields made of others are left out."""
        left_out = {"warnings", "error"} if self.artifacts else {"warnings", "error", "artifacts"}
        return self.model_dump_json(exclude_none=True, exclude=left_out)


class ItemErrorRecord(FrozenModel):
    """The reason that one attempt at an item failed."""

    attempt: int
    #: Class name from scenequeue.errors, or LeaseExpired / ContainerLost / NotSetUp / MessageLost.
    error: str
    #: `other` if the reason is not one of ours.
    code: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    container: str
    at_ms: int

    @computed_field(description="the reason in words")  # type: ignore[prop-decorator]
    @property
    def message(self) -> str:
        """Return the reason as a sentence."""
        return Reason.kept_as(self.code, self.parameters).text

    @model_validator(mode="before")
    @classmethod
    def _with_code(cls, data: Any) -> Any:
        """Accept a dump of this model, which also has the sentence `message`; that alone becomes a reason without a code."""
        if not isinstance(data, dict) or "message" not in data:
            return data
        given = {name: value for name, value in data.items() if name != "message"}
        return given if "code" in given else {**given, **Reason.from_json(data["message"]).to_json()}


class DeadLetter(FrozenModel):
    """An item that was given up, with all its errors."""

    job_id: JobId
    item_id: ItemId
    lane: Lane
    buried_ms: int
    attempts: int
    errors: list[ItemErrorRecord]
    #: Need of the item.
    need: str = ""
    item: WorkItem

    @field_validator("item", mode="before")
    @classmethod
    def _shown(cls, item: object) -> object:
        return item if isinstance(item, WorkItem) else WorkItem.shown(item if isinstance(item, str) else json.dumps(item))
