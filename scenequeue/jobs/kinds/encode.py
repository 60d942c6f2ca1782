"""The kind `encode`, which encodes one segment of a source to all its renditions: its payload."""

from typing import Annotated

from pydantic import Field

from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.transcode.plan import Rendition, Segment, Stills
from scenequeue.jobs.transcode.source import Picture, SourceFile, ToneMap, Watermark

VERSION = 1
UNIT = "seconds of 1080p video"


class EncodePayload(FrozenModel):
    """The data that a worker needs to encode one segment of a source."""

    source: SourceFile
    picture: Picture
    renditions: Annotated[list[Rendition], Field(min_length=1, max_length=8)]
    segment: Segment
    tone_map: ToneMap | None = None
    watermark: Watermark | None = None
    stills: Stills | None = None
    #: Version of the ffmpeg that must encode, so that all segments have the same headers.
    encoder: str
    #: URI prefix of the job's working files of this source, without a final slash.
    work: str
    #: True for the item that brings the source's joins.
    brings_joins: bool = False
    #: Length of the whole source: the weight of each join.
    source_s: Annotated[float, Field(gt=0.0)] = 1.0
