"""Scales a picture to the canvas, in YUV planes, from which frames are sampled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from container_worker.media.defaults import BACKDROP_BRIGHTNESS, BACKDROP_WIDTH_PX, OVERSAMPLING
from container_worker.media.picture.planes import RGB_TO_YUV, Bytes
from container_worker.media.request import FitChoice, MotionChoice
from container_worker.media.scene.motion import Rect, canvas_zoom, covers, crop_to_aspect, place_whole


@dataclass(frozen=True)
class Planes:
    """YUV 4:2:0, BT.709 limited range, U and V side by side; chroma samples lie in the middle of their four luma samples."""

    y: Bytes
    uv: Bytes

    def paint(self, top: int, band: Image.Image) -> None:
        """Convert a band of RGB, as wide as the planes and of even height, and write it to the rows from `top`, which is even."""
        import cv2

        rgb = np.asarray(band)
        height, width = rgb.shape[:2]
        half = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        self.uv[top // 2 : (top + height) // 2] = cv2.transform(half, RGB_TO_YUV[1:])
        for row in range(0, height, 64):  # in strips, because the transform needs a float copy
            strip = rgb[row : row + 64]
            self.y[top + row : top + row + len(strip)] = cv2.transform(strip, RGB_TO_YUV[:1])


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def canvas_size(frame: tuple[int, int], motion: MotionChoice, zoom: float) -> tuple[int, int]:
    """Return width and height of the canvas in pixels, even: of the frame where nothing moves, else for the closest view."""
    if motion == "none":
        return frame
    scale = canvas_zoom(motion, zoom) * OVERSAMPLING
    return _even(frame[0] * scale), _even(frame[1] * scale)


def draw_canvas(picture: Image.Image, frame: tuple[int, int], fit: FitChoice, motion: MotionChoice, zoom: float) -> Planes:
    """Return the picture scaled once to the canvas: cropped to the frame's aspect, or whole over a blurred copy of itself."""
    width, height = canvas_size(frame, motion, zoom)
    planes = Planes(np.empty((height, width), np.uint8), np.empty((height // 2, width // 2, 2), np.uint8))
    crop = crop_to_aspect(picture.size, frame)
    if not covers(fit, picture.size, frame):
        planes.paint(0, _over_backdrop(picture, crop, (width, height), canvas_zoom(motion, zoom)))
        return planes
    middle = _even(height / 2)
    # Both bands share the middle edge: a rounded sum could lie outside the picture, which Pillow refuses.
    edges = (crop.y, crop.y + crop.height * middle / height, crop.y + crop.height)

    def band(first: int, end: int, upper: float, lower: float) -> None:
        box = (crop.x, upper, crop.x + crop.width, lower)
        planes.paint(first, picture.resize((width, end - first), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0))

    # Two threads, because a scene's first frame waits for this.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(band, (0, middle), (middle, height), edges[:2], edges[1:]))
    return planes


def _over_backdrop(picture: Image.Image, crop: Rect, size: tuple[int, int], zoom: float) -> Image.Image:
    small = (BACKDROP_WIDTH_PX, max(1, round(BACKDROP_WIDTH_PX * size[1] / size[0])))
    box = (crop.x, crop.y, crop.x + crop.width, crop.y + crop.height)
    backdrop = picture.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0).filter(ImageFilter.GaussianBlur(4))
    backdrop = backdrop.point([round(level * BACKDROP_BRIGHTNESS) for level in range(256)] * 3)
    canvas = backdrop.resize(size, Image.Resampling.BICUBIC)
    left, top, width, height = place_whole(picture.size, size, zoom)
    canvas.paste(picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))
    return canvas
