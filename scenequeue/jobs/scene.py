"""Scenes: a picture and a narration that become one MP4, as callers name them and as workers get them."""

from typing import Annotated, Any

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.options import FrozenModel, StrictModel

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
