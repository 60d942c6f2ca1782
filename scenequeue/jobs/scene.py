"""Scenes: a picture and a narration that become one MP4, as callers name them."""

from typing import Any

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.kinds.render import RenderPayload
from scenequeue.jobs.options import StrictModel

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


def inputs_of(scene: Scene | RenderPayload) -> dict[str, str]:
    """The places of a scene's inputs, by role; those that are not given are left out."""
    return {role: place for role in INPUT_ROLES if (place := getattr(scene, role)) is not None}
