"""The kind `probe`, which reads a source and decides how it is transcoded: its payload."""

from typing import Annotated, Any

from pydantic import Field

from scenequeue.jobs.options import FrozenModel

VERSION = 1
UNIT = "sources"


class ProbePayload(FrozenModel):
    """The data that a worker needs to plan the transcoding of a source."""

    #: URI of the video.
    source: str
    #: URI prefix of the final files, without a final slash.
    output: str
    #: First part of their names.
    stem: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f]+$")]
    #: URI prefix of the working files of this source, without a final slash.
    work: str
    #: Options of this source, over those of the job.
    options: dict[str, Any] = Field(default_factory=dict)
