"""Blends patches, small pictures with transparency, onto a frame."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from container_worker.media.picture.planes import RGB_TO_YUV, Bytes


@dataclass(frozen=True)
class FrameView:
    """The two planes of one raw NV12 frame, as views into one buffer.

    NV12 because one resize makes both chroma planes, and x264 works on it natively.
    """

    buffer: Bytes
    y: Bytes
    uv: Bytes

    @classmethod
    def empty(cls, width_px: int, height_px: int) -> "FrameView":
        """Allocate a frame; both sides are even."""
        luma = width_px * height_px
        buffer = np.zeros(luma * 3 // 2, np.uint8)
        return cls(buffer, buffer[:luma].reshape(height_px, width_px), buffer[luma:].reshape(height_px // 2, width_px // 2, 2))


@dataclass(frozen=True)
class _Layer:
    """One plane of a patch: colour times alpha, and the weight of the ground (255 minus alpha)."""

    colour: Bytes
    rest: Bytes

    def blend(self, plane: Bytes, x: int, y: int) -> None:
        height, width = self.colour.shape[:2]
        ground = plane[y : y + height, x : x + width]
        ground[:] = cv2.add(cv2.multiply(ground, self.rest, scale=1 / 255), self.colour)


@dataclass(frozen=True)
class Patch:
    """A premultiplied patch; position and size are even."""

    x: int
    y: int
    luma: _Layer
    chroma: _Layer

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom edge in the frame's pixels."""
        height, width = self.luma.colour.shape
        return self.x, self.y, self.x + width, self.y + height

    def blend(self, frame: FrameView) -> None:
        """Draw this patch onto the frame, in place."""
        self.luma.blend(frame.y, self.x, self.y)
        self.chroma.blend(frame.uv, self.x // 2, self.y // 2)


def make_patch(rgba: npt.NDArray[np.float32], x: int, y: int, frame: tuple[int, int]) -> Patch | None:
    """Return the patch that draws this picture with its corner at (x, y), clipped to the frame; None if nothing shows.

    Args:
        rgba: as `aligned` takes it.
        x: as `aligned` takes it.
        y: as `aligned` takes it.
        frame: as `aligned` takes it.
    """
    visible = aligned(rgba, x, y, frame)
    return None if visible is None else Patch(visible[1], visible[2], *_layers(visible[0]))


def aligned(
    rgba: npt.NDArray[np.float32], x: int, y: int, frame: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], int, int] | None:
    """Return the part of a picture that shows, with its corner in the frame; position and size are even. None if nothing shows.

    Args:
        rgba: height x width x 4, colour already multiplied by alpha, all from 0 to 255.
        x: left edge in the frame's pixels; any integer.
        y: upper edge.
        frame: width and height in pixels, even.
    """
    rows, columns = np.flatnonzero(rgba[..., 3].any(axis=1)), np.flatnonzero(rgba[..., 3].any(axis=0))
    if not len(rows):
        return None
    left, right = max(0, x + int(columns[0])), min(frame[0], x + int(columns[-1]) + 1)
    top, bottom = max(0, y + int(rows[0])), min(frame[1], y + int(rows[-1]) + 1)
    if left >= right or top >= bottom:
        return None
    even_left, even_top = left // 2 * 2, top // 2 * 2
    even_right, even_bottom = min(frame[0], -(-right // 2) * 2), min(frame[1], -(-bottom // 2) * 2)
    part = np.zeros((even_bottom - even_top, even_right - even_left, 4), np.float32)
    part[top - even_top : bottom - even_top, left - even_left : right - even_left] = rgba[
        top - y : bottom - y, left - x : right - x
    ]
    return part, even_left, even_top


def _layers(rgba: npt.NDArray[np.float32]) -> tuple[_Layer, _Layer]:
    # With premultiplied colour the offset of each component scales with alpha too.
    matrix = np.hstack([RGB_TO_YUV[:, :3], RGB_TO_YUV[:, 3:] / 255])
    size = (rgba.shape[1] // 2, rgba.shape[0] // 2)
    half = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
    return _layer(rgba, matrix[0]), _layer(half, matrix[1:])


def _layer(rgba: npt.NDArray[np.float32], rows: npt.NDArray[np.float32]) -> _Layer:
    colour = np.clip(np.rint(rgba @ rows.T), 0, 255).astype(np.uint8)
    rest = (255 - np.clip(np.rint(rgba[..., 3]), 0, 255)).astype(np.uint8)
    # OpenCV needs as many channels as the colour has.
    return _Layer(colour, rest if rows.ndim == 1 else np.dstack([rest] * len(rows)))
