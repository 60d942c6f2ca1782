"""What a render child is asked for: plain data, in pixels, without the options' rules.

Kept free of pydantic, numpy and the rest, so that the child starts fast.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

FitChoice = Literal["auto", "cover", "contain"]
MotionChoice = Literal["zoom_in", "zoom_out", "pan_left", "pan_right", "none"]


@dataclass(frozen=True)
class TextLook:
    """How subtitles look. Colours are (red, green, blue), 0 to 255."""

    em_px: float
    colour: tuple[int, int, int]
    outline_px: float
    outline_colour: tuple[int, int, int]
    #: 0 draws no box.
    box_opacity: float
    box_colour: tuple[int, int, int]
    max_width_px: float
    #: From the frame's lower edge to the last line's.
    margin_px: float


@dataclass(frozen=True)
class MarkLook:
    """Where the watermark lies, how wide and how strong it is."""

    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"]
    margin_px: float
    opacity: float
    width_px: float


@dataclass(frozen=True)
class RenderRequest:
    """One scene to render, every decision that needs no look at the inputs already made."""

    name: str
    image: str
    audio: str
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
    text: TextLook
    mark: MarkLook
    codec: Literal["h264", "av1"]
    crf: int
    audio_kbps: int
    normalize_loudness: bool
    threads: int

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The request that `dataclasses.asdict` and JSON made `data` of."""
        text: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data["text"].items()}
        return cls(**{**data, "text": TextLook(**text), "mark": MarkLook(**data["mark"])})
