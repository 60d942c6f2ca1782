"""Describes a source video: the file, its picture, and the tracks beside it."""

from typing import Annotated, Literal

from pydantic import Field

from scenequeue.jobs.options import FrozenModel, WatermarkStyle

_MAX_INT32 = 2**31 - 1
#: Numerator and denominator, as ffmpeg has them.
Ratio = tuple[Annotated[int, Field(ge=0, le=_MAX_INT32)], Annotated[int, Field(ge=1, le=_MAX_INT32)]]
#: Seconds per tick.
TimeBase = tuple[Annotated[int, Field(ge=1, le=_MAX_INT32)], Annotated[int, Field(ge=1, le=_MAX_INT32)]]
#: Time or duration in ticks: half of what 64 bits hold, so that the sum of two fits, too.
Ticks = Annotated[int, Field(ge=-(2**62), lt=2**62)]


class SourceFile(FrozenModel):
    """A source at its address, as it was when it was probed."""

    uri: str
    bytes: int
    #: The storage's identity of its content (an ETag, or size and time of change), or the SHA-256; every item that reads it
    #: checks that it is unchanged.
    version: str


class Picture(FrozenModel):
    """The video stream that is transcoded. Times are in ticks of its time base."""

    #: Of the stream in the file.
    index: int
    codec: str
    #: Of the coded frames, before rotation.
    width: int
    height: int
    pix_fmt: str
    time_base: TimeBase
    #: Start time of the file, in microseconds, from which ffmpeg counts when it seeks.
    file_start_us: Ticks = 0
    #: Average frames per second.
    frame_rate: Ratio
    #: Clockwise rotation for display, in degrees: 0, 90, 180 or 270. It is applied to the pixels.
    rotation: int = 0
    #: Width of a pixel divided by its height.
    pixel_aspect: Ratio = (1, 1)
    is_interlaced: bool = False
    #: ffmpeg's names of the colour's properties; None where the source does not say.
    colour_range: str | None = None
    colour_space: str | None = None
    colour_primaries: str | None = None
    colour_transfer: str | None = None

    @property
    def is_turned(self) -> bool:
        """True if width and height change places for display."""
        return self.rotation in {90, 270}

    @property
    def turned_size(self) -> tuple[int, int]:
        """Width and height of the frames after rotation, in samples."""
        return (self.height, self.width) if self.is_turned else (self.width, self.height)


class ToneMap(FrozenModel):
    """Conversion of a source in HDR to SDR; the same for all its segments, so that none looks at its own frames alone."""

    #: Brightness that becomes white, in cd/m².
    peak_nits: Annotated[int, Field(gt=0, le=10_000)]


class Watermark(FrozenModel):
    """A picture that is laid on every frame, as it was when the source was probed."""

    uri: str
    #: Of its content; every item that reads it checks that it is unchanged.
    sha256: str
    style: WatermarkStyle = WatermarkStyle()


class Track(FrozenModel):
    """A track beside the picture, and what becomes of it."""

    #: Of the stream in the file.
    index: int
    type: Literal["audio", "subtitle"]
    codec: str
    #: copy, or the codec that it is converted to: aac, opus, mov_text, webvtt.
    action: str
    language: str | None = None
    title: str | None = None
    #: ffmpeg's names: default, forced, hearing_impaired, …
    dispositions: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)


class Captions(FrozenModel):
    """A track of subtitles that becomes a WebVTT file."""

    #: Of the stream in the file.
    index: int
    codec: str
    language: str | None = None
    title: str | None = None
    #: As of a track.
    dispositions: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    #: Tells it from the source's others: its language, or the number of its stream.
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")]


class Chapter(FrozenModel):
    """A chapter, in milliseconds on the clock of the source."""

    start_ms: int
    end_ms: int
    title: str = ""
