"""Composes the raw frames of a scene: the moving picture, then the watermark and subtitles over it."""

from collections.abc import Iterator

import cv2

from container_worker.media.picture.overlay import FrameView, Patch
from container_worker.media.request import MotionChoice
from container_worker.media.scene.canvas import Planes
from container_worker.media.scene.motion import Rect, view
from container_worker.media.scene.resampling import Source
from container_worker.media.subtitles.timeline import CueTrack

cv2.setNumThreads(1)  # a slot is meant to use one core; the worker runs several slots


class Canvas:
    """A picture larger than the frame, of which each frame shows a part.

    Args:
        planes: of the picture; they are copied.
        size: width and height of the frames in pixels, even.
    """

    def __init__(self, planes: Planes, size: tuple[int, int]) -> None:
        self._rows, self._columns = planes.y.shape
        self.size = size
        self._y, self._uv = Source(planes.y, (size[1], size[0])), Source(planes.uv, (size[1] // 2, size[0] // 2))

    def draw(self, part: Rect, frame: FrameView) -> None:
        """Draw a part of the canvas, given in shares of it, over the whole frame.

        The shift of each plane follows from the positions of its samples on the luma axis, where pixel i lies at i + 1/2:

        * the frame's chroma is sited left, as decoders take 4:2:0 to be: sample j lies at 2j + 1/2 across and 2j + 1 down;
        * the canvas's chroma is sited in the middle: sample j lies at 2j + 1 both ways.
        """
        height, width = frame.y.shape
        x0, y0 = part.x * self._columns, part.y * self._rows
        scale_x, scale_y = part.width * self._columns / width, part.height * self._rows / height
        self._y.fill(frame.y, (scale_x, scale_y), (x0 + scale_x / 2 - 0.5, y0 + scale_y / 2 - 0.5))
        self._uv.fill(frame.uv, (scale_x, scale_y), ((x0 + scale_x / 2) / 2 - 0.5, (y0 + scale_y) / 2 - 0.5))


def frames(
    canvas: Canvas, motion: MotionChoice, zoom: float, count: int, track: CueTrack, watermark: Patch | None
) -> Iterator[memoryview]:
    """Yield the raw NV12 frames of a scene; each is valid until the next but one is requested.

    Without motion, picture and watermark are composed once, and a frame only when its subtitles differ from the last one's.

    Args:
        canvas: the picture.
        motion: of the view over it.
        zoom: of the motion.
        count: number of frames.
        track: the subtitles.
        watermark: lies on every frame, below the subtitles.
    """
    frame, other = FrameView.empty(*canvas.size), FrameView.empty(*canvas.size)
    still = FrameView.empty(*canvas.size) if motion == "none" else None
    if still is not None:
        canvas.draw(view(motion, zoom, 0.0), still)
        if watermark is not None:
            watermark.blend(still)
    shown: Patch | None = None
    for index in range(count):
        patch = track.at(index)
        if still is None or index == 0 or patch is not shown:
            frame, other = other, frame
            if still is not None:
                frame.buffer[:] = still.buffer
            else:
                canvas.draw(view(motion, zoom, index / max(1, count - 1)), frame)
                if watermark is not None:
                    watermark.blend(frame)
            if patch is not None:
                patch.blend(frame)
        shown = patch
        yield frame.buffer.data
