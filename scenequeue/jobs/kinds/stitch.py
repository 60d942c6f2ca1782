"""The kind `stitch`, which makes one MP4 from the rendered scenes of a job: its payload; its options are those of scenes."""

from typing import Annotated, Any

from pydantic import Field

from scenequeue.jobs.ids import Title
from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "seconds of video"
#: Maximum number of scenes in a film: each is a file that the item fetches, and a line of its message.
MAX_SCENES = 2_000


class StitchPayload(FrozenModel):
    """The data that a worker needs to stitch rendered scenes. Every address is a URI."""

    #: The scenes' MP4s in the film's order.
    sources: Annotated[list[str], Field(min_length=1, max_length=MAX_SCENES)]
    crossfade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    music: str | None = None
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    #: Target address of the MP4; it is written once, and atomically.
    output: str
