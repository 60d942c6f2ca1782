"""Prepares a watermark for each rendition: a raw picture that ffmpeg lays on every frame, and its mark on the signatures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from container_worker.media.picture.overlay import aligned
from container_worker.media.picture.video_colours import Floats, to_yuv
from container_worker.media.picture.watermark import open_watermark, scale_watermark
from container_worker.media.request import WatermarkStyle as StyleInPixels
from container_worker.media.transcode.encode.filters import colour_tags
from container_worker.media.transcode.encode.overlay import Overlay
from container_worker.media.transcode.signatures import HEIGHT_PX, WIDTH_PX
from scenequeue.jobs.options import WatermarkStyle
from scenequeue.jobs.transcode.plan import Rendition
from scenequeue.jobs.transcode.source import Picture, ToneMap

#: Name of the raw picture of a rendition, by its position.
_RAW_FILE = "watermark-{}.yuv"
#: Pixel formats that overlay knows: luma and chroma of 4:2:0, 4:2:2 or 4:4:4 with 8 or 10 bits.
_FORMAT = re.compile(r"yuv4(20|22|44)p(10le)?")
#: Width and height of the luma samples that share one of chroma.
_SHARED = {"20": (2, 2), "22": (2, 1), "44": (1, 1)}


@dataclass(frozen=True)
class Mark:
    """The effect of a watermark on the signatures of frames."""

    #: HEIGHT_PX x WIDTH_PX; share of each pixel that it covers, and its luma multiplied by that, in levels.
    shares: Floats
    luma: Floats

    @property
    def packed(self) -> bytes:
        """The shares from 0 to 255, row after row."""
        return np.rint(self.shares * 255).astype(np.uint8).tobytes()

    def on(self, signatures: bytes) -> bytes:
        """Return the signatures that the frames have with the watermark on them."""
        plain = np.frombuffer(signatures, np.uint8).reshape(-1, HEIGHT_PX, WIDTH_PX)
        # One after the other, as a film's would take four times the memory.
        return b"".join(np.rint(each * (1 - self.shares) + self.luma).astype(np.uint8).tobytes() for each in plain)


def prepare_watermark(
    path: Path, style: WatermarkStyle, picture: Picture, tone_map: ToneMap | None, renditions: Sequence[Rendition]
) -> tuple[list[Overlay | None], Mark]:
    """Write a raw picture for each rendition beside the watermark; a rendition in which nothing of it shows has None.

    Args:
        path: the watermark's file.
        style: its place.
        picture: the source's stream, which tells the colours.
        tone_map: of a source in HDR that becomes SDR.
        renditions: those that are encoded.

    Raises:
        BadInput: the file is not a picture.
    """
    opened, tags = open_watermark(str(path)), colour_tags(picture, tone_map)
    overlays: list[Overlay | None] = []
    largest = max(renditions, key=lambda each: each.width * each.height)
    mark = Mark(np.zeros((HEIGHT_PX, WIDTH_PX), np.float32), np.zeros((HEIGHT_PX, WIDTH_PX), np.float32))
    for at, rendition in enumerate(renditions):
        drawn = _draw(opened, style, (rendition.width, rendition.height))
        if drawn is None:
            overlays.append(None)
            continue
        rgba, x, y = drawn
        alpha = rgba[..., 3] / 255
        colour = rgba[..., :3] / 255 / np.maximum(alpha, 1e-6)[..., None]
        yuv = to_yuv(np.clip(colour, 0, 1), tags, picture.height)
        raw = path.with_name(_RAW_FILE.format(at))
        pix_fmt, planes = _planes(yuv, alpha, rendition.pix_fmt, is_full=tags["range"] == "pc")
        raw.write_bytes(b"".join(plane.tobytes() for plane in planes))
        overlays.append(Overlay(raw.name, (alpha.shape[1], alpha.shape[0]), pix_fmt, x, y))
        if rendition is largest:
            mark = _mark(
                _levels(yuv[..., 0], 8, is_full=tags["range"] == "pc"), alpha, (x, y), (rendition.width, rendition.height)
            )
    return overlays, mark


def _draw(picture: Image.Image, style: WatermarkStyle, frame: tuple[int, int]) -> tuple[Floats, int, int] | None:
    """Return the visible part of the watermark, multiplied by alpha, with its left and upper edge; all are even."""
    short_px = min(frame)
    pixels = StyleInPixels(style.corner, style.margin * short_px, style.opacity, style.width * short_px)
    small, (x, y) = scale_watermark(picture, frame, pixels)
    return aligned(small, x, y, frame)


def _levels(luma: Floats, bits: int, *, is_full: bool) -> Floats:
    found: Floats = luma * (2**bits - 1) if is_full else (16 + 219 * luma) * 2 ** (bits - 8)
    return found


def _planes(yuv: Floats, alpha: Floats, pix_fmt: str, *, is_full: bool) -> tuple[str, list[npt.NDArray[np.generic]]]:
    """Return the format of the raw picture for frames of a format, and its planes: luma, chroma twice, alpha."""
    found = _FORMAT.fullmatch(pix_fmt)
    assert found is not None, pix_fmt
    across, down = _SHARED[found[1]]
    bits = 10 if found[2] else 8
    kind, most = np.dtype("<u2" if bits > 8 else "u1"), 2**bits - 1

    def samples(values: Floats) -> npt.NDArray[np.generic]:
        return np.clip(np.rint(values), 0, most).astype(kind)

    weight = _means(alpha, across, down)
    # Of the visible pixels only.
    chroma = (_means(yuv[..., at] * alpha, across, down) / np.maximum(weight, 1e-6) for at in (1, 2))
    width = most if is_full else 224 * 2 ** (bits - 8)
    return f"yuva4{found[1]}p{found[2] or ''}", [
        samples(_levels(yuv[..., 0], bits, is_full=is_full)), *(samples(each * width + 2 ** (bits - 1)) for each in chroma),
        samples(alpha * most),
    ]  # fmt: skip


def _means(values: Floats, across: int, down: int) -> Floats:
    height, width = values.shape
    found: Floats = values.reshape(height // down, down, width // across, across).mean(axis=(1, 3))
    return found


def _mark(levels: Floats, alpha: Floats, position: tuple[int, int], frame: tuple[int, int]) -> Mark:
    """Reduce the watermark to the pixels of a signature, of which each is the mean of the frame's pixels under it."""
    columns = _overlaps(position[0], alpha.shape[1], frame[0], WIDTH_PX)
    rows = _overlaps(position[1], alpha.shape[0], frame[1], HEIGHT_PX)
    return Mark(rows @ alpha @ columns.T, rows @ (levels * alpha) @ columns.T)


def _overlaps(begin: int, count: int, whole: int, parts: int) -> Floats:
    """Return, for each of the parts of a side, the shares that pixels of the watermark have in it."""
    step = whole / parts
    edges = np.arange(parts, dtype=np.float32)[:, None] * step
    pixels = np.arange(begin, begin + count, dtype=np.float32)[None, :]
    found: Floats = np.clip(np.minimum(edges + step, pixels + 1) - np.maximum(edges, pixels), 0, 1) / step
    return found
