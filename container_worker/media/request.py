"""Requests to a media child: plain data in pixels.

Imports neither pydantic nor numpy, so that the child starts fast.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

FitChoice = Literal["auto", "cover", "contain"]
MotionChoice = Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "none"]


@dataclass(frozen=True)
class TextStyle:
    """Style of subtitles. Colours are (red, green, blue), 0 to 255."""

    em_px: float
    colour: tuple[int, int, int]
    outline_px: float
    outline_colour: tuple[int, int, int]
    #: 0 draws no box.
    box_opacity: float
    box_colour: tuple[int, int, int]
    max_width_px: float
    #: From the frame's lower edge to that of the last line.
    margin_px: float


@dataclass(frozen=True)
class WatermarkStyle:
    """Position, width and opacity of the watermark."""

    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"]
    margin_px: float
    opacity: float
    width_px: float
    #: Smallest margin, in pixels, horizontally and vertically.
    safe_px: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class AudioSpec:
    """Encoding, music and loudness of a scene's sound."""

    kbps: int
    #: A file that is repeated under the narration.
    music: str | None = None
    #: The music's length, in seconds, once it has been measured.
    music_s: float = 0.0
    music_gain_db: float = -16.0
    ducking: bool = True
    #: Target loudness, in LUFS; None leaves it unchanged.
    loudness_lufs: float | None = None


@dataclass(frozen=True)
class SidecarSpec:
    """Files that are made beside the video."""

    captions: bool = False
    #: Share of the length at which the poster is taken; None makes none.
    poster_at: float | None = None


@dataclass(frozen=True)
class RenderRequest:
    """A scene to render, with every decision made that does not depend on the contents of its inputs."""

    name: str
    image: str
    narration: str
    subtitles: str | None
    watermark: str | None
    title: str | None
    target: str
    scratch: str
    ffmpeg: str
    width_px: int
    height_px: int
    fps: int
    fit: FitChoice
    motion: MotionChoice
    zoom: float
    text: TextStyle
    mark: WatermarkStyle
    codec: Literal["h264", "av1"]
    crf: int
    threads: int
    sound: AudioSpec
    sidecars: SidecarSpec = SidecarSpec()
    subtitle_mode: Literal["burned", "soft", "off"] = "burned"
    #: Frames of the title card, which stands before the narration.
    card_frames: int = 0
    #: A film cuts the scene this many frames from either end, so keyframes are put there; None puts none.
    cut_frames: int | None = None
    #: Share of the frame along each edge that the title stays out of.
    safe_area: float = 0.0
    #: BCP 47 tag of the texts; None: detected from the texts.
    language: str | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Build the request from the JSON data of `dataclasses.asdict`."""
        text: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data["text"].items()}
        nested = {
            "text": TextStyle(**text),
            "mark": WatermarkStyle(**{**data["mark"], "safe_px": tuple(data["mark"].get("safe_px", (0, 0)))}),
            "sound": AudioSpec(**data["sound"]),
            "sidecars": SidecarSpec(**data["sidecars"]),
        }
        return cls(**{**data, **nested})
