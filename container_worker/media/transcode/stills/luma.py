"""Compares pictures with the signatures of the source's frames."""

from typing import TYPE_CHECKING, Any

from container_worker.media.transcode.signatures import HEIGHT_PX, WIDTH_PX, Signature
from scenequeue.jobs.transcode.source import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

#: Weights of red and blue of each matrix, as ffmpeg names it; all others are compared without their levels.
_WEIGHTS = {
    "bt709": (0.2126, 0.0722), "bt470bg": (0.299, 0.114), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593),
    "smpte240m": (0.212, 0.087), "fcc": (0.3, 0.11),
}  # fmt: skip
#: Pixels that deviate by less from their mean are noise.
_FLAT_DEVIATION = 6.0


def level_difference(picture: "Image", signature: Signature, matrix: str, *, is_full_range: bool) -> float | None:
    """Return the mean difference of a picture's luma from a signature, in levels of 255; None for an unknown matrix."""
    import numpy as np

    weights = _WEIGHTS.get(matrix)
    if weights is None:
        return None
    red, blue = weights
    luma = _small(picture) @ np.array([red, 1 - red - blue, blue])
    stored = luma if is_full_range else 16 + luma * 219 / 255
    return float(np.abs(stored - np.frombuffer(signature, np.uint8)).mean())


def likeness(picture: "Image", signature: Signature) -> float:
    """Return how much a picture's luma follows a signature: 1 for the same up to brightness and contrast, 0 for another."""
    import numpy as np

    one = _small(picture) @ np.array([0.3, 0.59, 0.11])
    other = np.frombuffer(signature, np.uint8).astype(float)
    flat = [each.std() < _FLAT_DEVIATION for each in (one, other)]
    if any(flat):
        return float(all(flat))
    return float(np.corrcoef(one, other)[0, 1])


def _small(picture: "Image") -> Any:
    import numpy as np
    from PIL import Image

    small = picture.convert("RGB").resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX)
    return np.asarray(small, float).reshape(-1, 3)


def assumed_matrix(picture: Picture) -> str:
    """Return the matrix of a picture's frames; players assume one by the size where the source does not say it."""
    if picture.colour_space is not None:
        return picture.colour_space
    return "smpte170m" if picture.width < 1280 and picture.height <= 576 else "bt709"
