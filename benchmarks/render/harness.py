"""Generates the scenes of the render benchmark, and measures commands."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import psutil
from PIL import Image, ImageDraw, ImageFont

from benchmarks.environments import ROOT
from tests.support.media import Media

FRAME_PX = (1920, 1080)
FPS = 30
#: Pictures of 2, 6 and 12 megapixels with the frame's aspect ratio, so that no pipeline crops.
PICTURES_PX = {2: (1920, 1080), 6: (3264, 1836), 12: (4608, 2592)}
ZOOM = 1.12
#: Seconds between two samples of a command's memory. A sample costs 2 ms of a core, which slows what is timed.
SAMPLE_S = 0.5


@dataclass(frozen=True)
class Scene:
    """A scene's files."""

    picture: Path
    narration: Path
    subtitles: Path
    watermark: Path
    seconds: float

    @property
    def frames(self) -> int:
        return round(self.seconds * FPS)


def draw_picture(path: Path, size: tuple[int, int], seed: int, falloff: float = 1.15) -> None:
    """Draw a picture with the detail of a photograph: noise whose spectrum falls as 1/f^falloff, edges, small print."""
    width, height = size
    draws = np.random.default_rng(seed)
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    strength = 1 / np.maximum(np.hypot(across, down), 1 / max(size)) ** falloff
    planes = []
    for _ in range(3):
        spectrum = strength * np.exp(2j * np.pi * draws.random(strength.shape))
        plane = np.fft.irfft2(spectrum, (height, width))
        planes.append(np.clip(128 + 42 * (plane - plane.mean()) / plane.std(), 0, 255))
    image = Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    unit = height / 1080
    for _ in range(90):
        x, y, reach = draws.uniform(0, width), draws.uniform(0, height), draws.uniform(20, 160) * unit
        corners = [(x + reach * np.cos(a), y + reach * np.sin(a)) for a in draws.uniform(0, 2 * np.pi, 3)]
        pen.polygon(corners, fill=tuple(int(v) for v in draws.integers(0, 255, 3)))
    font = ImageFont.load_default(26 * unit)
    for row in range(12):
        pen.text((60 * unit, (60 + row * 82) * unit), f"{row:02} The quick brown fox jumps over the lazy dog", "white", font)
    image.save(path, quality=92, subsampling=0)


def make_scene(folder: Path, megapixels: int, seconds: float, seed: int = 1) -> Scene:
    """Make a scene of this length in `folder`, with subtitles and a watermark."""
    media = Media(folder)
    picture = folder / f"picture-{megapixels}.jpg"
    if not picture.exists():
        draw_picture(picture, PICTURES_PX[megapixels], seed)
    starts = range(0, int(seconds), 4)
    cues = [(at + 0.2, at + 3.6, f"Subtitle number {number}, of a usual length") for number, at in enumerate(starts)]
    watermark = folder / "watermark.png"
    mark = Image.new("RGBA", (240, 80))
    ImageDraw.Draw(mark).rounded_rectangle((0, 0, 239, 79), 20, fill=(255, 255, 255, 160))
    mark.save(watermark)
    narration = media.tone(f"narration-{seconds:g}.mp3", seconds)
    return Scene(picture, narration, media.srt(f"cues-{seconds:g}.srt", cues), watermark, seconds)


@dataclass(frozen=True)
class Cost:
    """Cost of a command and all its children: wall seconds, CPU seconds, and peak memory of all together."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(
    argv: Sequence[str],
    stdin: IO[bytes] | bytes | None = None,
    more: Mapping[str, str] | None = None,
    printed: list[str] | None = None,
    sample_s: float = SAMPLE_S,
) -> Cost:
    """Run a command to its end, and measure it.

    Args:
        argv: the command.
        stdin: a file or bytes for its standard input.
        more: additional environment variables.
        printed: its lines of output are appended here.
        sample_s: seconds between two samples of its memory.

    Raises:
        RuntimeError: it failed; the message ends with its last output.
    """
    given = subprocess.PIPE if isinstance(stdin, bytes) else stdin
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(more or {})}
    child = subprocess.Popen(
        argv, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=ROOT, start_new_session=True
    )
    sampler = _Sampler(child.pid, sample_s)
    sampler.start()
    if isinstance(stdin, bytes):
        assert child.stdin
        child.stdin.write(stdin)
        child.stdin.close()
    assert child.stdout
    output = child.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began
    sampler.stop()
    if child.returncode:
        raise RuntimeError(f"{Path(argv[0]).name} ended with {child.returncode}: {output[-2000:]}")
    if printed is not None:
        printed += output.splitlines()
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, sampler.peak / 1e6)


class _Sampler(threading.Thread):
    """Samples the peak memory of a process and its descendants together: proportional set size, in bytes."""

    def __init__(self, pid: int, sample_s: float) -> None:
        super().__init__(daemon=True)
        self._pid, self._sample_s, self._done, self.peak = pid, sample_s, threading.Event(), 0

    def run(self) -> None:
        while not self._done.wait(self._sample_s):
            try:
                root = psutil.Process(self._pid)
                tree = [root, *root.children(recursive=True)]
                self.peak = max(self.peak, sum(process.memory_full_info().pss for process in tree))
            except psutil.Error:
                continue

    def stop(self) -> None:
        self._done.set()
        self.join()
