"""Turns a watermark file into the patch that lies on every frame."""

from container_worker.media.picture.overlay import Patch, make_patch
from container_worker.media.picture.watermark import open_watermark, scale_watermark
from container_worker.media.request import WatermarkStyle


def draw_watermark(path: str, frame: tuple[int, int], style: WatermarkStyle) -> Patch | None:
    """Return the watermark scaled to its width, with its opacity applied; None if nothing of it is visible.

    Raises:
        BadInput: the file is not a picture.
    """
    small, position = scale_watermark(open_watermark(path), frame, style)
    return make_patch(small, *position, frame)
