"""The kind `captions`, which writes a source's subtitles as WebVTT files: its payload."""

from typing import Annotated

from pydantic import Field

from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.transcode.source import Captions, Ratio, SourceFile

VERSION = 1
UNIT = "seconds of video"


class CaptionsPayload(FrozenModel):
    """The data that a worker needs to write a source's subtitles."""

    source: SourceFile
    captions: Annotated[list[Captions], Field(min_length=1, max_length=200)]
    #: Subtracted from all times, in ticks of the picture, as from those of the picture.
    origin_pts: int = 0
    #: Of the picture: seconds per tick.
    time_base: Ratio
    #: URI prefix of the job's working files of this source, without a final slash.
    work: str
