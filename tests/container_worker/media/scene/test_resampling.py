"""Samples lie where they are asked for, whichever way they were made."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from container_worker.media.scene import resampling
from container_worker.media.scene.resampling import Source

_ROWS, _COLUMNS = 90, 160


def _plane(rows: int, columns: int) -> np.ndarray:
    noise = np.random.default_rng(7).integers(0, 256, (rows, columns), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.0), None, 0, 255, cv2.NORM_MINMAX)


def _between_neighbours(plane: np.ndarray, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """The definition, in floats."""
    rows, columns = plane.shape
    x = np.clip(np.arange(_COLUMNS) * scale + shift[0], 0, columns - 1)
    y = np.clip(np.arange(_ROWS) * scale + shift[1], 0, rows - 1)
    left, top = np.minimum(x.astype(int), columns - 2), np.minimum(y.astype(int), rows - 2)
    across, down = (x - left)[None, :], (y - top)[:, None]
    upper, lower = plane[top].astype(float), plane[top + 1].astype(float)
    both = upper * (1 - down) + lower * down
    return both[:, left] * (1 - across) + both[:, left + 1] * across


@settings(max_examples=60, deadline=None)
@given(
    zoom=st.floats(1.0, 2.5),
    closer=st.floats(0.4, 1.0),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    is_exact=st.booleans(),
    is_double=st.booleans(),
)
def test_every_part_is_sampled_where_it_lies(
    zoom: float, closer: float, place: tuple[float, float], is_exact: bool, is_double: bool
) -> None:
    plane = _plane(round(_ROWS * zoom), round(_COLUMNS * zoom))
    scale = min(plane.shape[0] / _ROWS, plane.shape[1] / _COLUMNS) * closer
    shift = tuple(
        share * (side - scale * count) + scale / 2 - 0.5
        for share, side, count in zip(place, plane.shape[::-1], (_COLUMNS, _ROWS), strict=True)
    )
    made = np.zeros((_ROWS, _COLUMNS, 2) if is_double else (_ROWS, _COLUMNS), np.uint8)
    source = Source(np.dstack([255 - plane, plane]) if is_double else plane, (_ROWS, _COLUMNS))
    if is_exact:
        source._warp(made, (scale, scale), shift)
    else:
        source.fill(made, (scale, scale), shift)
    steepest = max(np.abs(np.diff(plane.astype(int), axis=axis)).max() for axis in (0, 1))
    # A place may be off by _MAX_OFFSET both ways; warpAffine's is off by up to 1/64; both round.
    allowed = 2 * resampling._MAX_OFFSET * steepest + 1.5
    wanted = _between_neighbours(plane, scale, shift)
    assert np.abs((made[..., 1] if is_double else made) - wanted).max() <= allowed
    if is_double:
        assert np.abs(made[..., 0] - (255 - wanted)).max() <= allowed


def test_a_zoom_hardly_ever_needs_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from container_worker.media.picture.overlay import FrameView
    from container_worker.media.scene.canvas import Planes, canvas_size
    from container_worker.media.scene.frames import Canvas
    from container_worker.media.scene.motion import view

    slow = 0

    def count(*_: object) -> None:
        nonlocal slow
        slow += 1

    frame = FrameView.empty(640, 360)
    width, height = canvas_size((640, 360), "zoom_in", 1.12)
    canvas = Canvas(Planes(_plane(height, width), np.dstack([_plane(height // 2, width // 2)] * 2)), (640, 360))
    monkeypatch.setattr(Source, "_warp", count)
    for index in range(300):
        canvas.draw(view("zoom_in", 1.12, index / 299), frame)
    assert slow <= 0.15 * 300 * 2
