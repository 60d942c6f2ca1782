"""A film: all scenes of a job in one MP4, made by one last item when the scenes are done."""

from typing import Annotated

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.options import StrictModel


class Film(StrictModel):
    """Options of the film that a job's scenes become."""

    #: Becomes `<output>/<name>.mp4`; no scene may have it.
    name: SceneName = "film"
    #: Seconds in which one scene turns into the next, in picture and sound; 0 is a hard cut.
    crossfade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5
    #: Music under the whole film: a local path when handed to a producer, an address on the queue.
    music: InputAddress | None = None
    title: Title | None = None
