"""Converts colours of pictures, which are sRGB, to those of the video that they lie on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

#: Shares of red and blue in luma, by ffmpeg's names of matrices; others are rare, and are taken for BT.709.
_SHARES = {
    "bt709": (0.2126, 0.0722), "bt470bg": (0.299, 0.114), "smpte170m": (0.299, 0.114), "smpte240m": (0.212, 0.087),
    "fcc": (0.30, 0.11), "bt2020nc": (0.2627, 0.0593), "bt2020c": (0.2627, 0.0593),
}  # fmt: skip
#: Height from which players take a video that does not name its matrix for BT.709, and below for BT.601.
_HD_HEIGHT_PX = 720
#: From BT.709's primaries to those of BT.2020, in linear light (BT.2087).
_TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]], np.float32)
#: Brightness of white in HDR, in cd/m² (BT.2408), and the nominal peak of HLG.
_WHITE_NITS, _HLG_PEAK_NITS = 203.0, 1000.0
_PQ_PEAK_NITS = 10_000.0
#: HLG's gamma of the display at its nominal peak (BT.2100).
_HLG_GAMMA = 1.2
#: Of a display in SDR (BT.1886).
_SDR_GAMMA = 2.4


def to_yuv(rgb: Floats, tags: Mapping[str, str | None], height_px: int) -> Floats:
    """Return luma from 0 to 1 and chroma from -1/2 to 1/2 of each pixel.

    Args:
        rgb: height x width x 3, sRGB from 0 to 1, not multiplied by alpha.
        tags: of the video, by the names that ffmpeg's setparams has.
        height_px: of the source.
    """
    space = tags["colorspace"] or ("bt709" if height_px >= _HD_HEIGHT_PX else "smpte170m")
    red_share, blue_share = _SHARES.get(space, _SHARES["bt709"])
    signal = _signal(rgb, tags)
    red, blue = signal[..., 0], signal[..., 2]
    luma = red_share * red + (1 - red_share - blue_share) * signal[..., 1] + blue_share * blue
    return np.stack([luma, (blue - luma) / (2 * (1 - blue_share)), (red - luma) / (2 * (1 - red_share))], axis=-1)


def _signal(rgb: Floats, tags: Mapping[str, str | None]) -> Floats:
    """Return red, green and blue as the video's transfer function has them."""
    transfer = tags["color_trc"]
    is_hdr = transfer in {"smpte2084", "arib-std-b67"}
    if not is_hdr and tags["color_primaries"] != "bt2020":
        # All other primaries are near to sRGB's, and displays show sRGB and BT.709 alike.
        return rgb
    linear = rgb**_SDR_GAMMA
    if tags["color_primaries"] in {"bt2020", None}:
        linear = np.clip(linear @ _TO_2020.T, 0, 1)
    if transfer == "smpte2084":
        return _pq(linear * (_WHITE_NITS / _PQ_PEAK_NITS))
    if transfer == "arib-std-b67":
        return _hlg(linear * (_WHITE_NITS / _HLG_PEAK_NITS))
    return linear ** (1 / _SDR_GAMMA)


def _pq(light: Floats) -> Floats:
    """Return the signal of light, both from 0 to 1 (ST 2084)."""
    power = light ** (2610 / 16_384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def _hlg(light: Floats) -> Floats:
    """Return the signal of the light that a display of the nominal peak shows, both from 0 to 1 (BT.2100)."""
    red_share, blue_share = _SHARES["bt2020nc"]
    shown = light @ np.array([red_share, 1 - red_share - blue_share, blue_share], np.float32)
    # The display's gamma acts on the brightness of the pixel as a whole.
    scene = light * np.maximum(shown, 1e-6)[..., None] ** (1 / _HLG_GAMMA - 1)
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)
