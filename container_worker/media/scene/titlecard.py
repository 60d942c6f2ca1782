"""Draws a scene's title on its darkened picture, as the card shown before the narration begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from container_worker.codes import Code
from container_worker.media.child_protocol import warn
from container_worker.media.picture.overlay import FrameView, Patch
from container_worker.media.request import RenderRequest, TextStyle
from container_worker.media.subtitles.renderer import SubtitleRenderer, warn_missing_glyphs
from container_worker.media.subtitles.timeline import CueTrack, Span
from container_worker.media.text.fontbook import FontBook
from container_worker.media.text.layout import lay_out

#: Height of the title's em as a share of the frame's shorter side, and of its outline (style).
_EM_SHARE = 0.09
_OUTLINE_SHARE = 0.002
#: Share of its brightness that the picture behind the title keeps (style).
_BRIGHTNESS = 0.4
#: Widest line as a share of the frame's width, and most lines.
_WIDTH_SHARE = 0.84
_MAX_LINES = 4


@dataclass(frozen=True)
class CardPatch(Patch):
    """A title patch that darkens the whole frame before it is drawn."""

    def blend(self, frame: FrameView) -> None:
        """Draw the card onto the frame, in place."""
        for plane, black in ((frame.y, 16), (frame.uv, 128)):
            cv2.convertScaleAbs(plane, dst=plane, alpha=_BRIGHTNESS, beta=black * (1 - _BRIGHTNESS))
        super().blend(frame)


def title_style(request: RenderRequest) -> TextStyle:
    """Return the style of the title: in the subtitles' colours, large, without a box."""
    short = min(request.width_px, request.height_px)
    width = min(_WIDTH_SHARE, 1 - 2 * request.safe_area) * request.width_px
    return replace(
        request.text,
        em_px=_EM_SHARE * short,
        outline_px=_OUTLINE_SHARE * short,
        box_opacity=0.0,
        max_width_px=width,
        margin_px=0.0,
    )


def draw_card(request: RenderRequest, folder: Path, texts: Sequence[str] = ()) -> Patch | None:
    """Return the card's patch with the title in the middle of the frame; None if no character of it can be drawn.

    Args:
        request: contains the title, which is drawn literally, whatever its characters.
        folder: an existing folder for the typesetter alone.
        texts: the scene's subtitles, from which the language is detected together with the title.

    Raises:
        ToolFailed: ffmpeg failed.
    """
    book, style = FontBook(request.language), title_style(request)
    frame = (request.width_px, request.height_px)
    text = " ".join((request.title or "").split())
    book.choose_han([text, *texts])
    block, is_cut = lay_out(text, book, style, _MAX_LINES)
    warn_missing_glyphs("title", book)
    if not block.lines:
        return None
    if is_cut:
        warn(Code.TITLE_CUT, lines=_MAX_LINES)
        text = "\n".join("".join(run.text for run in line.runs) for line in block.lines)
    style = replace(style, margin_px=(request.height_px - block.height_px) / 2)
    with SubtitleRenderer([text], style, frame, request.ffmpeg, folder, book) as typesetter:
        patch = typesetter.draw(0)
    return None if patch is None else CardPatch(patch.x, patch.y, patch.luma, patch.chroma)


def card_track(request: RenderRequest, spans: Sequence[Span], draw: Callable[[int], Patch | None]) -> CueTrack:
    """Return the track with the card on the frames before the narration, and the subtitles after it.

    Args:
        request: contains the title and the duration of the card.
        spans: frames of the subtitles, none before the card's end.
        draw: makes the patch of the span of this index; called in order.
    """
    folder = Path(request.scratch) / "card"
    folder.mkdir(exist_ok=True)
    card = draw_card(request, folder, [span.text for span in spans])
    all_spans = [Span(0, request.card_frames, request.title or ""), *spans]
    return CueTrack(all_spans, lambda index: card if index == 0 else draw(index - 1))
