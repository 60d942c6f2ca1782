"""The kind `audio`, which copies or converts one track beside the picture, sound or text, as a whole: its payload."""

from pydantic import Field

from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.transcode.source import SourceFile, Track

VERSION = 1
UNIT = "seconds of sound"


class AudioPayload(FrozenModel):
    """The data that a worker needs to make one track."""

    source: SourceFile
    track: Track
    #: URI prefix of the job's working files of this source, without a final slash.
    work: str
    #: Spans of the source, in bytes (begin, end), that hold the track; empty for the whole file.
    ranges: list[tuple[int, int]] = Field(default_factory=list)
