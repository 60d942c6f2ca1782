"""Defines scenes in the caller's form: a picture and a narration that become one MP4."""

from typing import Any

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.kinds.render import RenderPayload
from scenequeue.jobs.options import StrictModel

#: Fields of a scene that name its inputs.
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
    """Return the places of a scene's inputs by role, without missing ones."""
    return {role: place for role in INPUT_ROLES if (place := getattr(scene, role)) is not None}
