"""Measures a video's quality: likeness to the ideal frames of its motion, and steadiness."""

import json
import math
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.render.harness import FRAME_PX, ZOOM
from container_worker.media.picture.planes import RGB_TO_YUV
from container_worker.media.scene.motion import Rect, view

Luma = npt.NDArray[np.float32]
#: From a share of the time to the part of the picture that fills the frame, in shares of the picture.
Path_ = Callable[[float], Rect]
#: Size of the window that motion is measured in, and its middle in the frame: off the centre, where a zoom moves nothing.
_WINDOW_PX = 512
_WINDOW_AT = (0.27, 0.30)
#: Motion in pixels that phase correlation may report for a still picture.
_STILL_PX = 0.1


def our_path(share: float) -> Rect:
    """Return the view of our zoom_in, which zoompan and MoviePy are configured for too."""
    return view("zoom_in", ZOOM, share)


def chain_path(share: float) -> Rect:
    """Return the view of the replaced chain: linear, about a point half a pixel off the middle, as getRotationMatrix2D's."""
    scale = 1 + (ZOOM - 1) * share
    width, height = FRAME_PX
    left, top = ((-0.5 - side / 2) / scale + side / 2 + 0.5 for side in (width, height))
    return Rect(left / width, top / height, 1 / scale, 1 / scale)


class Ideal:
    """The ideal frames: the picture's luma in floats (BT.709 limited), resampled bicubically with antialiasing."""

    def __init__(self, picture: Path, path: Path_, frames: int) -> None:
        with Image.open(picture) as image:
            rgb = np.asarray(image.convert("RGB"), np.float32)
        self._luma = Image.fromarray((rgb @ RGB_TO_YUV[0, :3] + RGB_TO_YUV[0, 3]).astype(np.float32))
        self._path, self._frames = path, frames

    def frame(self, number: int) -> Luma:
        """Return the luma of one frame, 16 to 235."""
        part = self._path(number / max(1, self._frames - 1))
        width, height = self._luma.size
        box = (part.x * width, part.y * height, (part.x + part.width) * width, (part.y + part.height) * height)
        box = (max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3]))
        return np.asarray(self._luma.resize(FRAME_PX, Image.Resampling.BICUBIC, box=box))


def luma_frames(video: Path, numbers: Sequence[int]) -> Iterator[Luma]:
    """Yield the decoded luma of these frames (ascending) of a video."""
    wanted = set(numbers)
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                plane = frame.planes[0]
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                yield rows[: frame.height, : frame.width].astype(np.float32)
            if number >= numbers[-1]:
                return


@dataclass(frozen=True)
class Likeness:
    """Luma against the ideal frames: PSNR in dB over all samples, mean SSIM (Wang 2004, 11 × 11 Gaussian)."""

    psnr_db: float
    ssim: float


def likeness(video: Path, ideal: Ideal, numbers: Sequence[int]) -> Likeness:
    """Compare frames of a video with the ideal ones."""
    errors, ssims = [], []
    for number, luma in zip(numbers, luma_frames(video, numbers), strict=True):
        wanted = ideal.frame(number)
        errors.append(float(np.mean((luma - wanted) ** 2)))
        ssims.append(_ssim(luma, wanted))
    return Likeness(10 * math.log10(255**2 / np.mean(errors)), float(np.mean(ssims)))


def _ssim(first: Luma, second: Luma) -> float:
    def blurred(image: Luma) -> Luma:
        return cv2.GaussianBlur(image, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean1, mean2 = blurred(first), blurred(second)
    var1, var2 = blurred(first * first) - mean1 * mean1, blurred(second * second) - mean2 * mean2
    covariance = blurred(first * second) - mean1 * mean2
    top = (2 * mean1 * mean2 + c1) * (2 * covariance + c2)
    return float(np.mean(top / ((mean1 * mean1 + mean2 * mean2 + c1) * (var1 + var2 + c2))))


@dataclass(frozen=True)
class Steadiness:
    """Error of the motion between frames, in pixels (root mean square), and the number of steps backwards."""

    rms_px: float
    backward_steps: int


def steadiness(video: Path | Ideal, path: Path_, frames: int) -> Steadiness:
    """Compare the motion between successive frames, by phase correlation in a window, with that of the path.

    Args:
        video: the video to measure; an `Ideal` measures the error of the method itself.
        path: the ideal motion.
        frames: number of frames of the scene; all are measured.
    """
    numbers = range(frames)
    lumas = luma_frames(video, numbers) if isinstance(video, Path) else (video.frame(number) for number in numbers)
    width, height = FRAME_PX
    x, y = int(_WINDOW_AT[0] * width), int(_WINDOW_AT[1] * height)
    half = _WINDOW_PX // 2
    window = cv2.createHanningWindow((_WINDOW_PX, _WINDOW_PX), cv2.CV_32F)
    before: Luma | None = None
    errors, backward = [], 0
    for number, luma in zip(numbers, lumas, strict=True):
        cut = np.ascontiguousarray(luma[y - half : y + half, x - half : x + half])
        if before is not None:
            (dx, dy), _ = cv2.phaseCorrelate(before, cut, window)
            ideal_dx, ideal_dy = _moved((x + 0.5, y + 0.5), path((number - 1) / (frames - 1)), path(number / (frames - 1)))
            errors.append((dx - ideal_dx, dy - ideal_dy))
            backward += any(made * ideal < 0 and abs(made) > _STILL_PX for made, ideal in ((dx, ideal_dx), (dy, ideal_dy)))
        before = cut
    return Steadiness(float(np.sqrt(np.mean(np.square(errors)))), backward)


def _moved(point: tuple[float, float], before: Rect, after: Rect) -> tuple[float, float]:
    """Return the motion in pixels of the content at a point of the frame."""
    width, height = FRAME_PX
    source_x = before.x + point[0] / width * before.width
    source_y = before.y + point[1] / height * before.height
    return (source_x - after.x) / after.width * width - point[0], (source_y - after.y) / after.height * height - point[1]


def vmaf(ffmpeg: Path, video: Path, reference: Path, fps: int, subsample: int = 3) -> float:
    """Measure VMAF (v0.6.1) of a video against raw NV12 frames of the same size, on every third frame."""
    log = video.with_suffix(".vmaf.json")
    size = f"{FRAME_PX[0]}x{FRAME_PX[1]}"
    graph = f"[0:v]settb=1/{fps},setpts=N[a];[1:v]settb=1/{fps},setpts=N[b];[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=2"
    graph += f":n_subsample={subsample}"
    argv = [str(ffmpeg), "-nostdin", "-loglevel", "error", "-i", str(video), "-f", "rawvideo", "-pixel_format", "nv12"]
    argv += ["-video_size", size, "-framerate", str(fps), "-i", str(reference), "-filter_complex", graph, "-f", "null", "-"]
    subprocess.run(argv, check=True, cwd=video.parent)
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def write_raw(ideal: Ideal, frames: int, target: Path) -> Path:
    """Write the ideal frames as raw NV12 with grey chroma, which VMAF ignores."""
    grey = np.full(FRAME_PX[0] * FRAME_PX[1] // 2, 128, np.uint8).tobytes()
    with target.open("wb") as file:
        for number in range(frames):
            file.write(np.clip(np.rint(ideal.frame(number)), 0, 255).astype(np.uint8).tobytes())
            file.write(grey)
    return target
