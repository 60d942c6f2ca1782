"""Describes the outcome of a transcoding: the checks of the joined files, and what was made."""

from typing import Annotated, Any

from pydantic import Field

from scenequeue.jobs.options import FrozenModel

#: A checked rendition has some ten checks, and each file of a ladder one.
MAX_CHECKS = 400
_Text = Annotated[str, Field(max_length=500)]


class CheckDetail(FrozenModel):
    """The finding of a check: the code of a reason, with its parameters."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    parameters: Annotated[dict[Annotated[str, Field(max_length=40)], int | float | _Text], Field(max_length=12)]


class Check(FrozenModel):
    """One check of one joined file."""

    #: file, frames, packets, headers, picture, duration, tracks, sync, sound, likeness, joins, watermark; captions, hls, ladder,
    #: poster, sprites.
    name: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    #: Or the name of subtitles.
    rendition: Annotated[str, Field(max_length=80)]
    ok: bool
    detail: CheckDetail


class MadeRendition(FrozenModel):
    """A finished rendition."""

    name: str
    #: Address of the file.
    output: str
    width: int
    height: int
    codec: str
    frames: int
    duration_s: float
    bytes: int
    #: Of the whole file, in bit/s.
    bitrate: int
    #: None for a picture that is copied.
    crf: float | None = None
    #: VMAF that was asked for, and what samples of the source had with this factor.
    target_vmaf: float | None = None
    predicted_vmaf: float | None = None


class MadeCaptions(FrozenModel):
    """A finished WebVTT file of subtitles."""

    #: The language, or the number of the stream; two of one language have both.
    name: str
    #: Address of the file.
    output: str
    language: str | None = None
    title: str | None = None
    cues: int


class MadePoster(FrozenModel):
    """A finished poster."""

    #: Address of the JPEG.
    output: str
    width: int
    height: int
    #: Position of its frame, from 0 on, and its time in the video.
    frame: int
    time_s: float


class MadeSprites(FrozenModel):
    """A finished sprite sheet."""

    #: Address of the WebVTT file, whose cues name parts of the sheet: `<file>#xywh=x,y,width,height`.
    output: str
    #: Address of the JPEG.
    sheet: str
    #: Number of pictures, and the size of each.
    pictures: int
    width: int
    height: int


class TranscodedSource(FrozenModel):
    """The source, as the plan knows it."""

    uri: str
    bytes: int
    codec: str
    #: As it is shown, after rotation.
    width: int
    height: int
    frames: int
    duration_s: float
    frame_rate: float


class TranscodeReport(FrozenModel):
    """Everything that is told of one transcoded source: the `verify` item's facts, and its report file."""

    source: TranscodedSource
    segments: int
    is_divided: bool
    renditions: list[MadeRendition]
    captions: list[MadeCaptions] = Field(default_factory=list)
    poster: MadePoster | None = None
    sprites: MadeSprites | None = None
    checks: Annotated[list[Check], Field(max_length=MAX_CHECKS)]
    #: Address of the master playlist; None if no ladder was made.
    hls: str | None = None
    #: Reasons as codes with parameters, from the plan: why it is not divided, what is left out.
    notes: list[dict[str, Any]] = Field(default_factory=list)
    #: CPU time in seconds by stage, as the items have measured it: vmaf, encode, audio, captions, verify.
    cpu_s: dict[str, float] = Field(default_factory=dict)
