"""Scales the part of a plane that a frame shows to the frame's size; the part may begin between two samples.

A moving scene spends most of its time here, apart from encoding. `cv2.warpAffine` can begin between two samples;
`cv2.resize` takes a third of its time, but can begin only at a whole one. So `resize` begins at a whole sample `start` left of
the part, and the first `skipped` columns of its result are dropped. `skipped` is the smallest number for which the next column
lies where the part begins, to within `_MAX_OFFSET`:

    plane    |   |   |   |   |   |   |   |   |   |   |      one column each
               start          part begins
    result       0    1    2    3    4    5    6            one column every `scale` columns of the plane
                 '-- dropped --''---- kept ----'            skipped = 3

The same is done for rows. If no number below `_MAX_SKIPPED` fits, `warpAffine` is used.
"""

import math

import cv2
import numpy as np

from container_worker.media.picture.planes import Bytes

#: Largest number of columns or rows that are scaled and dropped. The average is 7, about 1 % of a frame.
_MAX_SKIPPED = 96
#: Largest error of the place at which a part begins, in samples. Shaking is visible from about 0.1 on; warpAffine's own error
#: is 1/32. At OVERSAMPLING 1.17 and zoom 1.12, 98 of 100 frames stay within it (`make bench-render` measures the motion error).
_MAX_OFFSET = 0.05
#: Samples copied beyond the plane's last row and column: linear interpolation reads one, and rounding may take one more.
_END_MARGIN = 2


class Source:
    """A plane from which parts are scaled to one output size.

    Args:
        plane: rows x columns of luma, or rows x columns x 2 of chroma.
        target: rows and columns of the output; the scale of a part is never larger than plane / target.
    """

    def __init__(self, plane: Bytes, target: tuple[int, int]) -> None:
        # A part may begin so many samples before the plane, in columns and rows that are dropped.
        self._margin = math.ceil(_MAX_SKIPPED * max(1.0, plane.shape[0] / target[0], plane.shape[1] / target[1])) + 1
        before, after = self._margin, _END_MARGIN
        self._padded = cv2.copyMakeBorder(plane, before, after, before, after, cv2.BORDER_REPLICATE)
        self._plane = self._padded[before:-after, before:-after]
        # The result of a resize, which would otherwise allocate one for each frame.
        size = (target[0] + _MAX_SKIPPED + _END_MARGIN + 1, target[1] + _MAX_SKIPPED + _END_MARGIN + 1)
        self._work = np.empty((*size, *plane.shape[2:]), np.uint8)

    def fill(self, target: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> None:
        """Fill `target`: its column i is the plane at column `scale[0] * i + shift[0]`, interpolated linearly; rows likewise.

        Args:
            target: rows x columns, or rows x columns x 2 for chroma; written.
            scale: samples of the plane for one of the target, horizontally and vertically.
            shift: column and row of the plane that the target's first sample shows; may be fractional.
        """
        columns_from, rows_from = _find_start(scale[0], shift[0]), _find_start(scale[1], shift[1])
        if columns_from is None or rows_from is None:
            self._warp(target, scale, shift)
            return
        rows, columns = target.shape[:2]
        (first_column, skipped_columns), (first_row, skipped_rows) = columns_from, rows_from
        left, top = first_column + self._margin, first_row + self._margin
        width = math.ceil((columns + skipped_columns) * scale[0]) + _END_MARGIN
        height = math.ceil((rows + skipped_rows) * scale[1]) + _END_MARGIN
        part = self._padded[top : top + height, left : left + width]
        inverse = (1 / scale[0], 1 / scale[1])
        # `resize` writes into `dst` only if it has exactly this size.
        work = self._work[: round(part.shape[0] * inverse[1]), : round(part.shape[1] * inverse[0])]
        scaled = cv2.resize(part, None, dst=work, fx=inverse[0], fy=inverse[1], interpolation=cv2.INTER_LINEAR)
        target[:] = scaled[skipped_rows : skipped_rows + rows, skipped_columns : skipped_columns + columns]

    def _warp(self, target: Bytes, scale: tuple[float, float], shift: tuple[float, float]) -> None:
        matrix = np.array([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
        flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (target.shape[1], target.shape[0])
        cv2.warpAffine(self._plane, matrix, size, dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)


_SKIPPED = np.arange(_MAX_SKIPPED)


def _find_start(scale: float, shift: float) -> tuple[int, int] | None:
    """Find the whole sample that a resize begins at, so that one of its results lies at `shift`.

    Sample k of cv2.resize's result lies at start + (k + 1/2) * scale - 1/2 (the half samples because a sample's position is its
    centre). That is `shift` for start = shift + 1/2 - (k + 1/2) * scale, which must be a whole number.

    Returns:
        start, and k: the number of results to drop. None if no start is near enough to a whole number, or if the part would be
        enlarged, for which the work buffer is too small.
    """
    if scale < 1.0:
        return None
    starts = shift + 0.5 - scale / 2 - _SKIPPED * scale
    is_near = np.abs(starts - np.rint(starts)) <= _MAX_OFFSET
    skipped = int(is_near.argmax())
    return (round(float(starts[skipped])), skipped) if is_near[skipped] else None
