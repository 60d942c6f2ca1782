"""Computes the view on the canvas for each frame. Pure."""

import math
from dataclasses import dataclass

from container_worker.media.defaults import AUTO_COVER_LOSS, MIN_PAN_ZOOM
from container_worker.media.request import FitChoice, MotionChoice

#: A whole picture that leaves at most so many pixels of the closest view free, both sides together, is extended to fill it:
#: a backdrop of a pixel would be seen as a dark line (look).
_MAX_SLIVER_PX = 2


@dataclass(frozen=True)
class Rect:
    """A rectangle with fractional edges; the unit is the caller's."""

    x: float
    y: float
    width: float
    height: float


def ease(share: float) -> float:
    """Return smoothstep of 0 to 1: slow at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


def canvas_zoom(motion: MotionChoice, zoom: float) -> float:
    """Return the factor by which the canvas must be larger than the frame for this motion."""
    if motion == "none":
        return 1.0
    return max(zoom, MIN_PAN_ZOOM) if motion.startswith("pan") else zoom


def view(motion: MotionChoice, zoom: float, share: float) -> Rect:
    """Return the part of the canvas that fills the frame, in shares of the canvas (0 to 1 both ways).

    Args:
        motion: zoom_in ends close, zoom_out starts close; pan_left moves the view to the left, pan_right to the right.
        zoom: the zoom factor (see `canvas_zoom`).
        share: share of the scene's time, 0 to 1.
    """
    size = 1.0 / canvas_zoom(motion, zoom)
    travelled = ease(share)
    if motion in ("zoom_in", "zoom_out"):
        # A zoom that is linear in its logarithm looks like constant speed.
        side = size ** (travelled if motion == "zoom_in" else 1.0 - travelled)
        return Rect((1 - side) / 2, (1 - side) / 2, side, side)
    if motion in ("pan_left", "pan_right"):
        left = (1 - size) * (travelled if motion == "pan_right" else 1 - travelled)
        return Rect(left, (1 - size) / 2, size, size)
    return Rect(0.0, 0.0, 1.0, 1.0)


def covers(fit: FitChoice, picture: tuple[int, int], frame: tuple[int, int]) -> bool:
    """Return True if the picture fills the frame and is cropped, False if it is shown whole over a backdrop."""
    if fit != "auto":
        return fit == "cover"
    crop = crop_to_aspect(picture, frame)
    return 1.0 - (crop.width * crop.height) / (picture[0] * picture[1]) <= AUTO_COVER_LOSS


def crop_to_aspect(picture: tuple[int, int], frame: tuple[int, int]) -> Rect:
    """Return the largest centred part of the picture with the frame's aspect, in the picture's pixels."""
    width, height = picture
    aspect = frame[0] / frame[1]
    if width / height > aspect:
        return Rect((width - height * aspect) / 2, 0.0, height * aspect, float(height))
    return Rect(0.0, (height - width / aspect) / 2, float(width), width / aspect)


def place_whole(
    picture: tuple[int, int], frame: tuple[int, int], canvas: tuple[int, int], zoom: float
) -> tuple[int, int, int, int]:
    """Place the whole picture on the canvas so that no zoom cuts it off: left, top, width, height in pixels.

    Its scale follows from the frame, because a canvas, of even sides, has the frame's aspect only nearly.
    """
    scale = min(frame[0] / picture[0], frame[1] / picture[1]) / zoom
    width = max(1, round(picture[0] * scale * canvas[0] / frame[0]))
    height = max(1, round(picture[1] * scale * canvas[1] / frame[1]))
    return (canvas[0] - width) // 2, (canvas[1] - height) // 2, width, height


def reach(first: int, length: int, side: int, zoom: float) -> tuple[int, int]:
    """Return first and end pixel, along one side of the canvas, up to which a picture's outermost pixels are repeated.

    The closest view ends between two pixels. A picture that fills it must reach beyond, by all that its outermost samples
    are interpolated from; otherwise they contain a share of the backdrop.

    Args:
        first: the picture's first pixel (see `place_whole`).
        length: number of the picture's pixels.
        side: number of the canvas's pixels, even.
        zoom: that of `place_whole`.

    Returns:
        The picture's own first and end pixel if it does not fill the view.
    """
    closest = side / zoom
    if closest - length > _MAX_SLIVER_PX:
        return first, first + length
    # A sample of chroma lies on two pixels, and one of a frame, which is sited left, may read the one before the view.
    needed = max(0, 2 * math.floor((side - closest) / 4) - 2)
    return min(first, needed), max(first + length, side - needed)
