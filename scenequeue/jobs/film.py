"""A film: all scenes of a job in one MP4, made by one last item when the scenes are done."""

from typing import Annotated, Any

from pydantic import Field

from scenequeue.jobs.address import InputAddress
from scenequeue.jobs.ids import SceneName, Title
from scenequeue.jobs.options import FrozenModel, StrictModel

#: Most scenes of one film: each is a file that the item fetches, and a line of its message.
MOST_SCENES = 2_000


class Film(StrictModel):
    """Options of the film that a job's scenes become."""

    #: Becomes `<output>/<name>.mp4`; no scene may have it.
    name: SceneName = "film"
    #: Seconds in which one scene turns into the next, in picture and sound; 0 is a hard cut.
    crossfade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5
    #: Music under the whole film: a local path when handed to a producer, an address on the queue.
    music: InputAddress | None = None
    title: Title | None = None


class StitchPayload(FrozenModel):
    """Everything that a worker needs to join rendered scenes. Every address is a URI."""

    #: The scenes' MP4s in the film's order.
    sources: Annotated[list[str], Field(min_length=1, max_length=MOST_SCENES)]
    crossfade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    music: str | None = None
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    #: Where the MP4 goes, once, whole.
    output: str
