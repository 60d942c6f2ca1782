"""Describes the files of an HLS ladder: a fragmented MP4 for each rendition and sound, in segments of bytes."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from scenequeue.jobs.options import FrozenModel


class HlsSegment(NamedTuple):
    """One segment of a file. A tuple, because a film has thousands of them."""

    bytes: int
    #: In ticks, until the next segment begins; of the last one, until its last packet ends.
    duration: int
    packets: int


class HlsMedia(FrozenModel):
    """The file of one rendition or one sound, as it was packaged; stored beside it."""

    #: RFC 6381, such as avc1.64001f.
    codecs: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{2,60}$")]
    #: Ticks per second.
    timescale: Annotated[int, Field(ge=1)]
    #: Of the part before the first segment, which configures the decoder.
    init_bytes: Annotated[int, Field(ge=1)]
    segments: Annotated[list[HlsSegment], Field(min_length=1)]
    #: Seconds that were added to all times, which may not be negative; the same in all files of a ladder.
    shift_s: Annotated[int, Field(ge=0)]
    #: False for a picture with segments that begin with a keyframe, but show frames before it that need the segment before.
    is_independent: bool = True
    #: Of the picture.
    width: int = 0
    height: int = 0
    video_range: Literal["SDR", "PQ", "HLG"] = "SDR"
    #: Of the sound.
    channels: int = 0

    @property
    def duration(self) -> int:
        """Of all segments, in ticks."""
        return sum(segment.duration for segment in self.segments)
