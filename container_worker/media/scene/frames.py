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
    """A picture from which frames are drawn.

    Args:
        planes: of the picture; they are copied.
        size: width and height of the frames, in pixels.
    """

    def __init__(self, planes: Planes, size: tuple[int, int]) -> None:
        self._rows, self._columns = planes.y.shape
        self.size = size
        self._y, self._uv = Source(planes.y, (size[1], size[0])), Source(planes.uv, (size[1] // 2, size[0] // 2))

    def draw(self, part: Rect, frame: FrameView) -> None:
        """Draw a part of the canvas, given in shares of it, over the whole frame.

        Sample i of a plane lies at i + 1/2. The frame's chroma is sited left, as decoders take 4:2:0 to be: sample
        j lies at 2j + 1/2 of the luma axis across, at 2j + 1 down. The canvas's chroma is sited in the middle.
        """
        height, width = frame.y.shape
        x0, y0 = part.x * self._columns, part.y * self._rows
        sx, sy = part.width * self._columns / width, part.height * self._rows / height
        self._y.fill(frame.y, (sx, sy), (x0 + sx / 2 - 0.5, y0 + sy / 2 - 0.5))
        self._uv.fill(frame.uv, (sx, sy), ((x0 + sx / 2) / 2 - 0.5, (y0 + sy) / 2 - 0.5))


def frames(
    canvas: Canvas, motion: MotionChoice, zoom: float, count: int, track: CueTrack, mark: Patch | None
) -> Iterator[memoryview]:
    """Yield raw NV12 frames, `count` of them; each is valid until the next but one is requested.

    Without motion a frame is composed only when the subtitles change.
    """
    frame, last = FrameView.empty(*canvas.size), FrameView.empty(*canvas.size)
    ground = FrameView.empty(*canvas.size) if motion == "none" else None
    if ground is not None:
        canvas.draw(view(motion, zoom, 0.0), ground)
        if mark is not None:
            mark.blend(ground)
    shown: Patch | None = None
    for index in range(count):
        patch = track.at(index)
        if ground is None or index == 0 or patch is not shown:
            frame, last = last, frame
            if ground is not None:
                frame.buffer[:] = ground.buffer
            else:
                canvas.draw(view(motion, zoom, index / max(1, count - 1)), frame)
                if mark is not None:
                    mark.blend(frame)
            if patch is not None:
                patch.blend(frame)
        shown = patch
        yield frame.buffer.data
