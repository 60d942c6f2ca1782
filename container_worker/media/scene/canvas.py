"""Scales a picture to the canvas, in YUV planes, from which frames are sampled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from container_worker.media.defaults import BACKDROP_BRIGHTNESS, BACKDROP_WIDTH_PX, OVERSAMPLING
from container_worker.media.picture.planes import RGB_TO_YUV, Bytes
from container_worker.media.request import FitChoice, MotionChoice
from container_worker.media.scene.motion import Rect, canvas_zoom, covers, crop_to_aspect, place_whole, reach

#: Rows of luma converted at once, because the conversion makes a copy of them in floating point.
_STRIP_ROWS = 64
#: Standard deviation of the Gaussian blur of a backdrop, in pixels at its width of BACKDROP_WIDTH_PX (look).
_BACKDROP_BLUR_PX = 4


@dataclass(frozen=True)
class Planes:
    """A picture as YUV 4:2:0, BT.709 limited range: one pair of U and V for each square of four pixels, at its centre.

    Attributes:
        y: height x width, both even.
        uv: height/2 x width/2 x 2.
    """

    y: Bytes
    uv: Bytes

    def paint(self, top: int, band: Image.Image) -> None:
        """Write an RGB picture over the rows that begin at `top`.

        Args:
            top: first row of luma, even.
            band: as wide as the planes, of even height.
        """
        import cv2

        rgb = np.asarray(band)
        height, width = rgb.shape[:2]
        half = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        self.uv[top // 2 : (top + height) // 2] = cv2.transform(half, RGB_TO_YUV[1:])
        for row in range(0, height, _STRIP_ROWS):
            strip = rgb[row : row + _STRIP_ROWS]
            self.y[top + row : top + row + len(strip)] = cv2.transform(strip, RGB_TO_YUV[:1])


def _even(value: float) -> int:
    """Return the nearest even number, at least 2."""
    return max(2, round(value / 2) * 2)


def canvas_size(frame: tuple[int, int], motion: MotionChoice, zoom: float) -> tuple[int, int]:
    """Return width and height of the canvas in pixels, both even.

    Without motion that is the frame's size; otherwise so much larger that the closest view is still reduced, never enlarged.
    """
    if motion == "none":
        return frame
    scale = canvas_zoom(motion, zoom) * OVERSAMPLING
    return _even(frame[0] * scale), _even(frame[1] * scale)


def draw_canvas(picture: Image.Image, frame: tuple[int, int], fit: FitChoice, motion: MotionChoice, zoom: float) -> Planes:
    """Return the picture scaled once to the canvas: cropped to the frame's aspect ratio, or whole over a blurred copy of itself.

    Args:
        picture: RGB.
        frame: width and height of the video in pixels, even.
        fit: see `covers`.
        motion: determines the size of the canvas, with `zoom`.
        zoom: see `canvas_zoom`.
    """
    width, height = canvas_size(frame, motion, zoom)
    planes = Planes(np.empty((height, width), np.uint8), np.empty((height // 2, width // 2, 2), np.uint8))
    crop = crop_to_aspect(picture.size, frame)
    if not covers(fit, picture.size, frame):
        planes.paint(0, _over_backdrop(picture, crop, frame, (width, height), canvas_zoom(motion, zoom)))
        return planes
    # The canvas is painted as an upper and a lower half, each in a thread of its own, because the first frame waits for it.
    middle = _even(height / 2)
    top, bottom = crop.y, crop.y + crop.height
    # Not `split` plus the rest: that sum could be rounded to beyond the picture's last row, which Pillow refuses.
    split = top + crop.height * middle / height

    def paint_band(first_row: int, end_row: int, upper: float, lower: float) -> None:
        """Scale the picture between two of its edges, in its pixels, to rows of the canvas."""
        box = (crop.x, upper, crop.x + crop.width, lower)
        planes.paint(first_row, picture.resize((width, end_row - first_row), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(paint_band, (0, middle), (middle, height), (top, split), (split, bottom)))
    return planes


def _over_backdrop(picture: Image.Image, crop: Rect, frame: tuple[int, int], size: tuple[int, int], zoom: float) -> Image.Image:
    """Return the whole picture in the middle of a backdrop: the cropped picture, blurred and darkened.

    Args:
        picture: RGB.
        crop: the part that fills the backdrop, in the picture's pixels.
        frame: width and height of the video in pixels.
        size: the same of the result.
        zoom: the picture is reduced by this factor, so that no view cuts it off.
    """
    small = (BACKDROP_WIDTH_PX, max(1, round(BACKDROP_WIDTH_PX * size[1] / size[0])))
    box = (crop.x, crop.y, crop.x + crop.width, crop.y + crop.height)
    blur = ImageFilter.GaussianBlur(_BACKDROP_BLUR_PX)
    backdrop = picture.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0).filter(blur)
    backdrop = backdrop.point([round(level * BACKDROP_BRIGHTNESS) for level in range(256)] * 3)
    canvas = backdrop.resize(size, Image.Resampling.BICUBIC)
    left, top, width, height = place_whole(picture.size, frame, size, zoom)
    canvas.paste(picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))
    across, down = reach(left, width, size[0], zoom), reach(top, height, size[1], zoom)
    _repeat_edges(canvas, (left, top, left + width, top + height), (across[0], down[0], across[1], down[1]))
    return canvas


def _repeat_edges(canvas: Image.Image, part: tuple[int, int, int, int], wider: tuple[int, int, int, int]) -> None:
    """Repeat the outermost rows and columns of a part of the canvas so that it fills a wider one, in place.

    Args:
        canvas: the part and all that lies around it.
        part: left, top, right and bottom edge in pixels.
        wider: the same of the part to be filled, which contains `part`.
    """
    left, top, right, bottom = part
    first_column, first_row, end_column, end_row = wider
    for line, target in (
        ((left, top, right, top + 1), (left, first_row, right, top)),
        ((left, bottom - 1, right, bottom), (left, bottom, right, end_row)),
        # The columns last: they contain the repeated rows, so that the corners are filled as well.
        ((left, first_row, left + 1, end_row), (first_column, first_row, left, end_row)),
        ((right - 1, first_row, right, end_row), (right, first_row, end_column, end_row)),
    ):
        width, height = target[2] - target[0], target[3] - target[1]
        if width and height:
            canvas.paste(canvas.crop(line).resize((width, height), Image.Resampling.NEAREST), target[:2])
