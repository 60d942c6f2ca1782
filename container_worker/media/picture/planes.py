"""Defines the type of a plane of pixels, and the matrix from RGB to YUV."""

import numpy as np
import numpy.typing as npt

#: A plane of 8-bit samples.
Bytes = npt.NDArray[np.uint8]

#: Shares of red and blue in the luma of BT.709 (ITU-R BT.709-6, 3.2); green has the rest.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
#: 3 x 4: multiplied by (R, G, B, 1) with R, G, B from 0 to 255, it gives Y, U, V of BT.709 in limited range: Y from 16 to 235,
#: U and V from 16 to 240 with 128 as zero (BT.709-6, 3.3 and 3.5).
RGB_TO_YUV = np.array(
    [
        [219 / 255 * _KR, 219 / 255 * _KG, 219 / 255 * _KB, 16],
        [-224 / 255 * _KR / (2 * (1 - _KB)), -224 / 255 * _KG / (2 * (1 - _KB)), 224 / 255 / 2, 128],
        [224 / 255 / 2, -224 / 255 * _KG / (2 * (1 - _KR)), -224 / 255 * _KB / (2 * (1 - _KR)), 128],
    ],
    dtype=np.float32,
)
