"""Small grey pictures of frames, by which a frame is recognised after it was scaled and encoded."""

import base64
import binascii
import zlib
from array import array
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from av import VideoFrame

#: Size of a signature, in pixels; one byte each.
WIDTH_PX, HEIGHT_PX = 32, 18
SIGNATURE_BYTES = WIDTH_PX * HEIGHT_PX
#: A higher level takes three times the CPU time and saves a twentieth.
_ZLIB_LEVEL = 6
#: HEIGHT_PX rows of WIDTH_PX bytes.
Signature: TypeAlias = bytes


def pack(signatures: bytes) -> str:
    """Return the text in which a report stores the signatures of its frames; none for frames that were copied."""
    if not signatures:
        return ""
    return base64.b64encode(zlib.compress(signatures, _ZLIB_LEVEL)).decode("ascii")


def unpack(text: str, frames: int) -> list[Signature]:
    """Return the signatures in a report.

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
    return split(raw)


def split(raw: bytes) -> list[Signature]:
    """Return the signatures that stand in these bytes one after the other."""
    return [raw[at : at + SIGNATURE_BYTES] for at in range(0, len(raw), SIGNATURE_BYTES)]


def difference(one: Signature, other: Signature) -> float:
    """Return the mean difference of two signatures, in levels from 0 to 255."""
    return sum(abs(left - right) for left, right in zip(one, other, strict=True)) / SIGNATURE_BYTES


def parted_difference(one: Signature, other: Signature, cover: Signature) -> tuple[float, float]:
    """Return the mean differences of two signatures beside a watermark and under it, in levels; 0 where there is nothing.

    Args:
        one: with the watermark.
        other: with the watermark.
        cover: share of each pixel that the watermark covers, from 0 to 255.
    """
    levels = [abs(left - right) for left, right in zip(one, other, strict=True)]
    under = sum(cover)
    beside = 255 * SIGNATURE_BYTES - under
    # No watermark covers all of a frame, but a report may say so.
    return (
        sum(level * (255 - share) for level, share in zip(levels, cover, strict=True)) / max(1, beside),
        sum(level * share for level, share in zip(levels, cover, strict=True)) / max(1, under),
    )


def signature_of(frame: "VideoFrame") -> Signature:
    """Return the signature of a decoded frame: the mean of the luma samples under each pixel, as they are stored.

    Raises:
        ValueError: the frame's first plane is not luma alone, as in RGB.
    """
    if frame.format.is_rgb or not frame.format.is_planar:
        raise ValueError(frame.format.name)
    # In the same format, because a conversion might change the range of the levels.
    small = frame.reformat(WIDTH_PX, HEIGHT_PX, interpolation="AREA", threads=1)
    plane, bits = small.planes[0], frame.format.components[0].bits
    sample_bytes = 1 if bits <= 8 else 2
    raw, length = bytes(plane), WIDTH_PX * sample_bytes
    rows = b"".join(raw[row * plane.line_size : row * plane.line_size + length] for row in range(HEIGHT_PX))
    if sample_bytes == 1:
        return rows
    # Formats such as P010 keep their bits at the upper end of the 16.
    shift = 8 if frame.format.name.startswith("p0") else bits - 8
    return bytes(min(255, level >> shift) for level in array("H", rows))
