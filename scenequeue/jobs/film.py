"""Describes a film: all scenes of a job in one MP4, made by a last item when the scenes are done."""

from typing import Annotated

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.options import StrictModel


class Film(StrictModel):
    """Options of the film that is made of a job's scenes."""

    #: Name of `<output>/<name>.mp4`; no scene may have the same name.
    name: SceneName = "film"
    #: Seconds of crossfade between scenes, in picture and sound; 0 is a hard cut.
    crossfade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5
    #: Music under the whole film: a local path in a request, an address on the queue.
    music: InputAddress | None = None
    title: Title | None = None
