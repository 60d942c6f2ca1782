"""Turns a watermark file into the patch that lies on every frame."""

import numpy as np
from PIL import Image

from container_worker.media.picture.overlay import Patch, make_patch
from container_worker.media.picture.reading import open_picture
from container_worker.media.request import WatermarkStyle


def place(size: tuple[int, int], frame: tuple[int, int], style: WatermarkStyle) -> tuple[int, int]:
    """Return left and upper edge, in the frame's pixels, of a watermark of this size."""
    margin = round(style.margin_px)
    across, down = max(margin, style.safe_px[0]), max(margin, style.safe_px[1])
    left = across if style.corner.endswith("left") else frame[0] - across - size[0]
    top = down if style.corner.startswith("top") else frame[1] - down - size[1]
    return left, top


def draw_watermark(path: str, frame: tuple[int, int], style: WatermarkStyle) -> Patch | None:
    """Return the watermark scaled to its width, with its opacity applied; None if nothing of it is visible.

    Raises:
        BadInput: the file is not a picture.
    """
    picture = open_picture(path, "watermark").convert("RGBA")
    # Never higher than a third of the frame, however tall the picture is.
    scale = min(style.width_px / picture.width, frame[1] / 3 / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    # RGBa is premultiplied, so that the colour of transparent pixels does not bleed into the edges.
    small = np.asarray(picture.convert("RGBa").resize(size, Image.Resampling.LANCZOS), np.float32) * style.opacity
    return make_patch(small, *place(size, frame, style), frame)
