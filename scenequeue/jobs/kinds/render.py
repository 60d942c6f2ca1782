"""The kind `render`, which makes an MP4 from a picture and a narration: its payload, and the options of look and sound."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from scenequeue.errors import InvalidValue
from scenequeue.jobs.ids import Title
from scenequeue.jobs.options import FrozenModel, KindOptions, Share, StrictModel, WatermarkStyle
from scenequeue.reasons import Code

VERSION = 1
UNIT = "seconds of video"

Resolution = Literal["360p", "480p", "720p", "1080p", "1440p", "2160p"]
Orientation = Literal["landscape", "portrait", "square"]
Motion = Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "none", "random"]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", description="#RRGGBB")]
#: The part of BCP 47 that determines scripts and letter forms: language, and further subtags of 1 to 8 letters or digits.
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


def _canonical_tag(tag: str) -> str:
    """Return the tag in BCP 47's spelling: zh-Hant, pt-BR; an underscore counts as a hyphen."""
    tag = tag.replace("_", "-")
    if not _LANGUAGE_TAG.fullmatch(tag):
        raise InvalidValue(Code.LANGUAGE_UNKNOWN, tag=tag)
    language, *subtags = tag.lower().split("-")
    return "-".join(
        [language, *(part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part for part in subtags)]
    )


LanguageTag = Annotated[str, AfterValidator(_canonical_tag)]


class RenderPayload(FrozenModel):
    """The data that a worker needs to render one scene. Every address is a URI."""

    image: str
    audio: str
    subtitles: str | None = None
    watermark: str | None = None
    music: str | None = None
    title: Title | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    #: Seconds from either end at which a film will cut: a keyframe is put there.
    cut_s: Annotated[float, Field(ge=0.0)] | None = None
    #: Target address of the MP4; it is written once, and atomically.
    output: str


class SubtitleStyle(StrictModel):
    """Burned-in subtitles. Sizes are shares of the frame's shorter side, so 720p and 4K look alike."""

    size: Annotated[float, Field(ge=0.015, le=0.15)] = 0.05
    colour: Colour = "#FFFFFF"
    outline: Annotated[float, Field(ge=0.0, le=0.02)] = 0.003
    outline_colour: Colour = "#000000"
    box: bool = True
    #: 0 is invisible, 1 is solid.
    box_opacity: Share = 0.55
    box_colour: Colour = "#000000"
    #: Maximum width of a line, as a share of the frame's width.
    max_width: Annotated[float, Field(ge=0.3, le=1.0)] = 0.9
    #: Distance of the last line from the bottom, as a share of the frame's height.
    margin: Annotated[float, Field(ge=0.0, le=0.5)] = 0.06


class RenderOptions(KindOptions):
    """Options of a rendered scene's look and sound.

    `resolution` names the shorter side of the frame in pixels; `orientation` turns it.
    """

    KEPT_AS: ClassVar = "render"

    resolution: Resolution = "1080p"
    orientation: Orientation = "landscape"
    #: BCP 47 tag of the texts (ja, zh-Hant, ur): selects letter forms that languages of one script draw differently, and is a
    #: hint at the encoding of subtitle files that are not Unicode. None detects it from the texts.
    language: LanguageTag | None = None
    fps: Annotated[int, Field(ge=1, le=60)] = 30
    #: cover fills the frame and crops; contain shows the whole picture over a blurred copy of itself;
    #: auto is cover unless more than a third of the picture would be cropped.
    fit: Literal["auto", "cover", "contain"] = "auto"
    #: random selects one of the four motions by the scene's name, so that a repeated render gives the same video.
    motion: Motion = "zoom_in"
    #: Zoom factor, and factor by which a panned picture is larger than the frame.
    zoom: Annotated[float, Field(ge=1.0, le=2.0)] = 1.12
    subtitle_style: SubtitleStyle = SubtitleStyle()
    watermark_style: WatermarkStyle = WatermarkStyle()
    #: Constant rate factor; None for the measured default of the codec. 1 to 51 with h264, 0 to 63 with av1.
    crf: Annotated[int, Field(ge=0, le=63)] | None = None
    codec: Literal["h264", "av1"] = "h264"
    audio_kbps: Annotated[int, Field(ge=32, le=512)] = 160
    #: EBU R128 loudness normalisation by a measured gain, with peaks limited to -1.5 dBTP.
    normalize_loudness: bool = False
    #: Target loudness, in LUFS.
    loudness_lufs: Annotated[float, Field(ge=-31.0, le=-9.0)] = -16.0
    #: Gain of the music under the narration, in dB.
    music_gain_db: Annotated[float, Field(ge=-60.0, le=12.0)] = -16.0
    #: Lower the music while the narration speaks.
    ducking: bool = True
    #: burned draws subtitles into the picture, soft adds them as a track that can be switched on, off leaves them out of the MP4.
    subtitle_mode: Literal["burned", "soft", "off"] = "burned"
    #: Also write the subtitles to <name>.vtt.
    webvtt: bool = False
    #: Also write one frame to <name>.jpg.
    poster: bool = False
    #: Position of the poster in the video, as a share of its length.
    poster_at: Share = 0.5
    #: Seconds for which the scene's title is shown on the darkened picture before the narration begins; 0 for no card.
    title_card_s: Annotated[float, Field(ge=0.0, le=30.0)] = 0.0
    #: Share of the frame along each edge that subtitles, watermark and title keep free (EBU R 95 asks for 0.05).
    safe_area: Annotated[float, Field(ge=0.0, le=0.25)] = 0.0

    @property
    def frame_px(self) -> tuple[int, int]:
        """Width and height of the frame in pixels, both even."""
        short = int(self.resolution[:-1])
        long = (short * 16 // 9 + 1) // 2 * 2
        if self.orientation == "landscape":
            return long, short
        return (short, long) if self.orientation == "portrait" else (short, short)

    @model_validator(mode="after")
    def _crf_fits_codec(self) -> Self:
        # x264's crf 0 is lossless, which the high profile, the one that every player supports, does not allow.
        if self.codec == "h264" and self.crf is not None and not 1 <= self.crf <= 51:
            raise InvalidValue(Code.CRF_OUT_OF_RANGE, crf=self.crf)
        return self
