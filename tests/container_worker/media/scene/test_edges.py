"""Edges of a picture that fills a frame one way: they touch the frame's edges, and nothing of the backdrop shows between."""

from functools import cache

import numpy as np
import pytest
from PIL import Image

from container_worker.media.picture.overlay import FrameView
from container_worker.media.picture.planes import RGB_TO_YUV
from container_worker.media.request import FitChoice, MotionChoice
from container_worker.media.scene.canvas import draw_canvas
from container_worker.media.scene.frames import Canvas
from container_worker.media.scene.motion import view

#: Its luma and both chroma differ from those of the darkened backdrop.
_COLOUR = (255, 90, 30)
_YUV = RGB_TO_YUV @ (*_COLOUR, 1)
_ZOOMS = (1.0, 1.05, 1.12, 1.3, 2.0)
_FRAMES = ((160, 90), (128, 72), (106, 60), (90, 160), (96, 96), (214, 120))
#: Square, landscape (also wider than any frame), portrait, and odd sides.
_PICTURES = ((64, 64), (97, 61), (240, 60), (45, 80), (33, 131), (160, 90))
#: The closest views of each motion: a picture that fills the frame one way fills it there.
_CLOSEST: dict[MotionChoice, tuple[float, ...]] = {
    "none": (0.0, 0.5, 1.0), "zoom_in": (1.0,), "zoom_out": (0.0,), "pan_left": (0.0, 0.5, 1.0), "pan_right": (0.0, 0.5, 1.0),
}  # fmt: skip
_ALL_MOTIONS = tuple(_CLOSEST)


@cache
def _plain(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, _COLOUR)


def _canvas(picture: tuple[int, int], frame: tuple[int, int], fit: FitChoice, motion: MotionChoice, zoom: float) -> Canvas:
    return Canvas(draw_canvas(_plain(picture), frame, fit, motion, zoom), frame)


def _planes(canvas: Canvas, motion: MotionChoice, zoom: float, share: float) -> list[np.ndarray]:
    """Return Y, U and V of the frame at this share of the scene."""
    frame = FrameView.empty(*canvas.size)
    canvas.draw(view(motion, zoom, share), frame)
    return [frame.y.astype(int), frame.uv[..., 0].astype(int), frame.uv[..., 1].astype(int)]


def _gaps(planes: list[np.ndarray], is_upright: bool) -> list[str]:
    """Name the outer rows (upright) or columns that lack the picture's colour where the middle one has it."""
    found = []
    for name, plane, wanted in zip("YUV", planes, _YUV, strict=True):
        lines = np.abs((plane if is_upright else plane.T) - wanted)
        count = len(lines)
        is_shown = lines[count // 2] <= 0.6  # rounding alone; at 1, the picture's other edges would count
        assert is_shown.any()
        for index in (0, 1, count - 2, count - 1):
            gap = float(lines[index][is_shown].max())
            if gap > 1:
                found.append(f"{name} line {index} of {count}: off by {gap:.0f}")
    return found


@pytest.mark.parametrize("motion", _ALL_MOTIONS)
@pytest.mark.parametrize("frame", _FRAMES)
def test_a_whole_picture_touches_the_edges_of_the_frame_that_it_fills(frame: tuple[int, int], motion: MotionChoice) -> None:
    """Top and bottom, or left and right, in luma and chroma, wherever the view is closest."""
    found = []
    for picture in _PICTURES:
        ratio = picture[0] * frame[1] / (picture[1] * frame[0])
        for zoom in _ZOOMS:
            canvas = _canvas(picture, frame, "contain", motion, zoom)
            for share in _CLOSEST[motion]:
                planes = _planes(canvas, motion, zoom, share)
                if ratio <= 1:
                    found += [(picture, zoom, share, gap) for gap in _gaps(planes, True)]
                if ratio >= 1 and not (motion.startswith("pan") and share != 0.5):
                    found += [(picture, zoom, share, gap) for gap in _gaps(planes, False)]
    assert not found


@pytest.mark.parametrize("motion", _ALL_MOTIONS)
@pytest.mark.parametrize("frame", _FRAMES)
def test_a_cropped_picture_fills_every_frame(frame: tuple[int, int], motion: MotionChoice) -> None:
    """Each sample of each plane has the picture's colour, at the first, middle and last frame."""
    for picture in _PICTURES:
        for zoom in _ZOOMS:
            canvas = _canvas(picture, frame, "cover", motion, zoom)
            for share in (0.0, 0.5, 1.0):
                for plane, wanted in zip(_planes(canvas, motion, zoom, share), _YUV, strict=True):
                    assert np.abs(plane - wanted).max() <= 1, (picture, zoom, share)


@pytest.mark.parametrize("frame", [(1280, 720), (1920, 1080), (854, 480)])
def test_a_square_picture_that_is_panned_has_no_dark_line_below_it(frame: tuple[int, int]) -> None:
    """At the sizes of videos: the last row is the picture's, as the first is."""
    canvas = _canvas((256, 256), frame, "contain", "pan_left", 1.12)
    assert not [gap for share in (0.0, 0.5, 1.0) for gap in _gaps(_planes(canvas, "pan_left", 1.12, share), True)]


@pytest.mark.parametrize(("picture", "frame"), [((1280, 720), (854, 480)), ((720, 1280), (480, 854)), ((1366, 768), (640, 360))])
@pytest.mark.parametrize("motion", ["none", "zoom_in"])
def test_less_than_a_pixel_beside_a_picture_is_not_left_to_the_backdrop(
    picture: tuple[int, int], frame: tuple[int, int], motion: MotionChoice
) -> None:
    """A picture whose shape is the frame's but for rounding fills it both ways."""
    planes = _planes(_canvas(picture, frame, "contain", motion, 1.12), motion, 1.12, 1.0)
    assert not _gaps(planes, True) + _gaps(planes, False)


def test_a_whole_picture_keeps_its_shape_and_place() -> None:
    """A square one is as wide as high, in the middle, to within a pixel; the backdrop shows beside it."""
    luma = _planes(_canvas((64, 64), (160, 90), "contain", "zoom_in", 1.12), "zoom_in", 1.12, 1.0)[0]
    row = luma[45]
    columns = np.flatnonzero(row > (int(row[80]) + int(row[0])) / 2)
    assert abs(columns[0] - 35) <= 1
    assert abs(columns[-1] - 124) <= 1


def test_a_wide_view_shows_the_backdrop_on_all_sides() -> None:
    """A zoom begins with the whole picture, smaller by the zoom: 80 of 90 rows, to within two pixels."""
    luma = _planes(_canvas((64, 64), (160, 90), "contain", "zoom_in", 1.125), "zoom_in", 1.125, 0.0)[0]
    column = luma[:, 80]
    rows = np.flatnonzero(column > (int(column[45]) + int(column[0])) / 2)
    assert abs(rows[0] - 5) <= 2
    assert abs(rows[-1] - 84) <= 2
