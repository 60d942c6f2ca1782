"""Lays a picture out as the canvas that frames are sampled from, in planes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from container_worker.render.defaults import BACKDROP_BRIGHTNESS, BACKDROP_WIDTH_PX, OVERSAMPLING
from container_worker.render.motion import canvas_zoom, covers, crop_to_aspect, place_whole
from container_worker.render.request import FitChoice, MotionChoice

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Planes:
    """YUV 4:2:0, BT.709 limited range, U and V side by side; chroma samples lie in the middle of their four luma samples."""

    y: Bytes
    uv: Bytes


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def canvas_size(frame: tuple[int, int], motion: MotionChoice, zoom: float) -> tuple[int, int]:
    """Width and height of the canvas in pixels, even: of the frame where nothing moves, else for the closest view."""
    if motion == "none":
        return frame
    scale = canvas_zoom(motion, zoom) * OVERSAMPLING
    return _even(frame[0] * scale), _even(frame[1] * scale)


def draw_canvas(picture: Image.Image, frame: tuple[int, int], fit: FitChoice, motion: MotionChoice, zoom: float) -> Image.Image:
    """The picture scaled once to the canvas: cropped to the frame's aspect, or whole over a blurred copy of itself."""
    size = canvas_size(frame, motion, zoom)
    crop = crop_to_aspect(picture.size, frame)
    box = (crop.x, crop.y, crop.x + crop.width, crop.y + crop.height)
    if covers(fit, picture.size, frame):
        return _resized(picture, size, box)
    small = (BACKDROP_WIDTH_PX, max(1, round(BACKDROP_WIDTH_PX * size[1] / size[0])))
    backdrop = picture.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0).filter(ImageFilter.GaussianBlur(4))
    backdrop = backdrop.point([round(level * BACKDROP_BRIGHTNESS) for level in range(256)] * 3)
    canvas = backdrop.resize(size, Image.Resampling.BICUBIC)
    left, top, width, height = place_whole(picture.size, size, canvas_zoom(motion, zoom))
    canvas.paste(picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))
    return canvas


def _resized(picture: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    """The box of the picture in this size. In two bands, side by side in time: a scene's first frame waits for this."""
    left, top, right, bottom = box
    rows = (size[1] // 2, size[1] - size[1] // 2)
    # One edge for both: sums of fractions may lie beyond the picture by their rounding, which Pillow refuses.
    middle = top + (bottom - top) * rows[0] / size[1]

    def band(height: int, upper: float, lower: float) -> Image.Image:
        return picture.resize((size[0], height), Image.Resampling.BICUBIC, box=(left, upper, right, lower), reducing_gap=2.0)

    with ThreadPoolExecutor(2) as pool:
        bands = list(pool.map(band, rows, (top, middle), (middle, bottom)))
    whole = Image.new("RGB", size)
    whole.paste(bands[0], (0, 0))
    whole.paste(bands[1], (0, rows[0]))
    return whole


#: Rows give Y, U, V of BT.709 limited range from 8-bit R, G, B (ITU-R BT.709-6, 3.5), the last column the offset.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
RGB_TO_YUV = np.array(
    [
        [219 / 255 * _KR, 219 / 255 * _KG, 219 / 255 * _KB, 16],
        [-224 / 255 * _KR / (2 * (1 - _KB)), -224 / 255 * _KG / (2 * (1 - _KB)), 224 / 255 / 2, 128],
        [224 / 255 / 2, -224 / 255 * _KG / (2 * (1 - _KR)), -224 / 255 * _KB / (2 * (1 - _KR)), 128],
    ],
    dtype=np.float32,
)


def to_planes(canvas: Image.Image) -> Planes:
    """The canvas (even sides) in YUV 4:2:0."""
    import cv2

    rgb = np.asarray(canvas)
    half = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    chroma = cv2.transform(half, RGB_TO_YUV[1:])
    y = np.empty(rgb.shape[:2], np.uint8)
    for top in range(0, rgb.shape[0], 64):  # in strips: the transform works in floats
        y[top : top + 64] = cv2.transform(rgb[top : top + 64], RGB_TO_YUV[:1])
    return Planes(y, np.asarray(chroma, np.uint8))
