"""Scales a watermark for a frame, and finds its place there; the same for scenes and for videos that are transcoded."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from container_worker.media.picture.reading import open_picture
from container_worker.media.request import WatermarkStyle

#: The picture's name in messages.
WATERMARK = "watermark"


def open_watermark(path: str) -> Image.Image:
    """Decode a watermark, premultiplied, so that the colour of transparent pixels does not bleed into edges when it is scaled.

    Raises:
        BadInput: the file is not a picture.
    """
    return open_picture(path, WATERMARK).convert("RGBA").convert("RGBa")


def place(size: tuple[int, int], frame: tuple[int, int], style: WatermarkStyle) -> tuple[int, int]:
    """Return left and upper edge, in the frame's pixels, of a watermark of this size."""
    margin = round(style.margin_px)
    across, down = max(margin, style.safe_px[0]), max(margin, style.safe_px[1])
    left = across if style.corner.endswith("left") else frame[0] - across - size[0]
    top = down if style.corner.startswith("top") else frame[1] - down - size[1]
    return left, top


def scale_watermark(
    picture: Image.Image, frame: tuple[int, int], style: WatermarkStyle
) -> tuple[npt.NDArray[np.float32], tuple[int, int]]:
    """Return the watermark with its opacity applied, and its left and upper edge.

    Args:
        picture: of `open_watermark`.
        frame: width and height, in pixels.
        style: in pixels of the frame.

    Returns:
        height x width x 4, colour multiplied by alpha, all from 0 to 255; the position in the frame's pixels.
    """
    # Never higher than a third of the frame, however tall the picture is.
    scale = min(style.width_px / picture.width, frame[1] / 3 / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = np.asarray(picture.resize(size, Image.Resampling.LANCZOS), np.float32) * style.opacity
    return small, place(size, frame, style)
