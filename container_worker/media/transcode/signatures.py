"""Small grey pictures of frames, by which a frame is recognised after it was scaled and encoded."""

import base64
import binascii
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from av import VideoFrame

#: Size of a signature, in pixels; one byte each.
WIDTH_PX, HEIGHT_PX = 32, 18
SIGNATURE_BYTES = WIDTH_PX * HEIGHT_PX
#: A higher level takes three times the CPU time and saves a twentieth.
_ZLIB_LEVEL = 6
#: An array of HEIGHT_PX rows of WIDTH_PX bytes; several of them have a further axis in front.
Signature: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"


def pack(signatures: bytes) -> str:
    """Return the text in which a report stores the signatures of its frames."""
    return base64.b64encode(zlib.compress(signatures, _ZLIB_LEVEL)).decode("ascii")


def unpack(text: str, frames: int) -> Signature:
    """Return the signatures in a report, as an array of frames, rows and columns.

    Args:
        text: of `pack`.
        frames: their number.

    Raises:
        ValueError: the text holds something else than the signatures of so many frames.
    """
    wanted = frames * SIGNATURE_BYTES
    try:
        reader = zlib.decompressobj()
        # One byte more than expected at most, whatever a hostile text expands to.
        raw = reader.decompress(base64.b64decode(text, validate=True), wanted + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from None
    if len(raw) != wanted:
        raise ValueError(len(raw))
    return unpacked(raw)


def unpacked(raw: bytes) -> Signature:
    """Return signatures, one after the other, as an array of frames, rows and columns."""
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT_PX, WIDTH_PX)


def difference(one: Signature, other: Signature) -> float:
    """Return the mean difference of two signatures, in levels from 0 to 255."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def signature_of(frame: "VideoFrame") -> Signature:
    """Return the signature of a decoded frame: the mean of the luma samples under each pixel, as they are stored.

    Raises:
        ValueError: the frame's first plane is no luma, as in RGB.
    """
    first = frame.format.components[0]
    if frame.format.is_rgb or (not frame.format.is_planar and len(frame.format.components) > 1 and not _is_semi_planar(frame)):
        raise ValueError(frame.format.name)
    plane, kind = frame.planes[0], np.dtype("<u2" if first.bits > 8 else "u1")
    samples = np.frombuffer(memoryview(plane), kind).reshape(frame.height, plane.line_size // kind.itemsize)[:, : frame.width]
    means = _means(_means(samples.astype(np.float32), HEIGHT_PX).T, WIDTH_PX).T
    # Formats such as p010 keep their bits at the upper end of 16.
    bits = 16 if frame.format.name.startswith("p0") else first.bits
    levels: Signature = np.clip(np.rint(means / 2 ** (bits - 8)), 0, 255).astype(np.uint8)
    return levels


def _is_semi_planar(frame: "VideoFrame") -> bool:
    return frame.format.name.startswith(("nv", "p0"))


def _means(samples: Any, count: int) -> Any:
    """Average the rows in `count` bands of equal height, in which a row may lie partly."""
    rows = samples.shape[0]
    sums = np.zeros((rows + 1, samples.shape[1]), np.float64)
    np.cumsum(samples, axis=0, out=sums[1:])
    edges = np.arange(count + 1) * rows / count
    below = np.minimum(edges.astype(int), rows - 1)
    at_edges = sums[below] + (edges - below)[:, None] * (sums[below + 1] - sums[below])
    return np.diff(at_edges, axis=0) * count / rows


def nearest(signature: Signature, candidates: Iterable[Signature]) -> int:
    """Return the position of the candidate that differs least."""
    return int(np.argmin([difference(signature, each) for each in candidates]))
