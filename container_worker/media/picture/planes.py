"""Planes of pixels, and the matrix that turns RGB into them."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

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
