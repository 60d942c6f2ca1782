"""Makes the raw frames of a scene: the moving picture, then the patches that lie on it."""

from collections.abc import Iterator

import cv2
import numpy as np

from container_worker.render.motion import Rect, view
from container_worker.render.patches import FrameView, Patch
from container_worker.render.picture import Bytes, Planes
from container_worker.render.request import MotionChoice
from container_worker.render.timeline import CueTrack

cv2.setNumThreads(1)  # a slot is one core's worth of work: parallelism is the worker's business


def _sample(plane: Bytes, target: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> None:
    """Fill `target` so that its sample (i, j) is the plane's at (scale * i + shift), between four neighbours."""
    matrix = np.array([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, matrix, (target.shape[1], target.shape[0]), dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def draw_picture(planes: Planes, part: Rect, frame: FrameView) -> None:
    """Draw the part of the canvas (in shares of it) that fills the frame.

    Sample i of a plane lies at i + 1/2. The frame's chroma is sited left, as decoders take 4:2:0 to be: sample
    j lies at 2j + 1/2 of the luma axis across, at 2j + 1 down. The canvas's chroma is sited in the middle.
    """
    height, width = frame.y.shape
    rows, columns = planes.y.shape
    x0, y0 = part.x * columns, part.y * rows
    sx, sy = part.width * columns / width, part.height * rows / height
    _sample(planes.y, frame.y, (sx, sy), (x0 + sx / 2 - 0.5, y0 + sy / 2 - 0.5))
    for plane, target in ((planes.u, frame.u), (planes.v, frame.v)):
        _sample(plane, target, (sx, sy), ((x0 + sx / 2) / 2 - 0.5, (y0 + sy) / 2 - 0.5))


def frames(
    planes: Planes, size: tuple[int, int], motion: MotionChoice, zoom: float, count: int, track: CueTrack, mark: Patch | None
) -> Iterator[memoryview]:
    """Raw yuv420p frames, `count` of them; each is valid until the next is asked for.

    Without motion a frame is composed only where the subtitles change.
    """
    frame = FrameView.empty(*size)
    raw = frame.buffer.data
    ground = FrameView.empty(*size) if motion == "none" else None
    if ground is not None:
        draw_picture(planes, view(motion, zoom, 0.0), ground)
        if mark is not None:
            mark.blend(ground)
    shown: Patch | None = None
    for index in range(count):
        patch = track.at(index)
        if ground is None:
            draw_picture(planes, view(motion, zoom, index / max(1, count - 1)), frame)
            if mark is not None:
                mark.blend(frame)
        elif index == 0 or patch is not shown:
            frame.buffer[:] = ground.buffer
        if patch is not None and (ground is None or patch is not shown or index == 0):
            patch.blend(frame)
        shown = patch
        yield raw
