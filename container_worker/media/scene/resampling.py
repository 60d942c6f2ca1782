"""Resamples a part of a plane at fractional positions; decides the speed of composing a moving scene.

`cv2.resize` takes a third of `cv2.warpAffine`'s time, but its source must begin at a whole sample, and the view begins between
two. So the source is taken from a whole sample a further left, and the first k columns of the result are dropped, where k is
chosen so that a + k * scale is the view's begin, to within `_MAX_OFFSET`:

    plane    |   |   |   |   |   |   |   |   |   |   |      one sample each
                 a              view
    result       0    1    2    3    4    5    6            one every `scale` samples
                 '-- dropped --''---- kept ----'            k = 3

Rows are treated alike. If no k below `_MAX_SKIPPED` fits, warpAffine does the work.
"""

import math

import cv2
import numpy as np

from container_worker.media.picture.planes import Bytes

#: Largest number of columns or rows that are resampled and dropped; 7 on average, which is 1 % of a frame.
_MAX_SKIPPED = 96
#: Largest error of the view's begin, in samples. Shaking is visible from about 0.1 on; warpAffine's own error is 1/32.
#: At OVERSAMPLING 1.17 and zoom 1.12, 98 of 100 frames stay within it (benchmarks/render measures the motion).
_MAX_OFFSET = 0.05


class Source:
    """A plane from which parts of one output size are resampled.

    Args:
        plane: the samples, one or two of them side by side.
        target: rows and columns of the output.
    """

    def __init__(self, plane: Bytes, target: tuple[int, int]) -> None:
        # Room before the first column and row for those that are dropped.
        self._margin = math.ceil(_MAX_SKIPPED * max(1.0, plane.shape[0] / target[0], plane.shape[1] / target[1])) + 1
        margin = self._margin
        self._padded = cv2.copyMakeBorder(plane, margin, 2, margin, 2, cv2.BORDER_REPLICATE)
        self._plane = self._padded[margin:-2, margin:-2]
        self._work = np.empty((target[0] + _MAX_SKIPPED + 3, target[1] + _MAX_SKIPPED + 3, *plane.shape[2:]), np.uint8)

    def fill(self, target: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> None:
        """Fill `target` so that its sample (i, j) is the plane's at (scale * i + shift), between its four neighbours.

        Args:
            target: rows x columns (x samples).
            scale: across and down.
            shift: across and down.
        """
        across, down = _find_start(scale[0], shift[0]), _find_start(scale[1], shift[1])
        if across is None or down is None:
            self._warp(target, scale, shift)
            return
        rows, columns = target.shape[:2]
        left, top = across[0] + self._margin, down[0] + self._margin
        wide = math.ceil((columns + across[1]) * scale[0]) + 2
        high = math.ceil((rows + down[1]) * scale[1]) + 2
        part = self._padded[top : top + high, left : left + wide]
        inverse = (1 / scale[0], 1 / scale[1])
        room = self._work[: round(part.shape[0] * inverse[1]), : round(part.shape[1] * inverse[0])]
        made = cv2.resize(part, None, dst=room, fx=inverse[0], fy=inverse[1], interpolation=cv2.INTER_LINEAR)
        target[:] = made[down[1] : down[1] + rows, across[1] : across[1] + columns]

    def _warp(self, target: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> None:
        matrix = np.array([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
        flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (target.shape[1], target.shape[0])
        cv2.warpAffine(self._plane, matrix, size, dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)


_COUNTS = np.arange(_MAX_SKIPPED)


def _find_start(scale: float, shift: float) -> tuple[int, int] | None:
    """Return the whole sample to begin at, and the number of results to drop so that the next lies at `shift`; None if none fits.

    `cv2.resize` puts sample i of its result at (i + 1/2) * scale - 1/2.
    """
    if scale < 1.0:
        return None
    begins = shift + 0.5 - scale / 2 - _COUNTS * scale
    near = np.abs(begins - np.rint(begins)) <= _MAX_OFFSET
    first = int(near.argmax())
    return (round(float(begins[first])), first) if near[first] else None
