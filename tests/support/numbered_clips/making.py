"""Encodes numbered frames and beeps with the real ffmpeg."""

import subprocess
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from container_worker.media.ffmpeg import find_ffmpeg
from tests.support.numbered_clips.pattern import RATE_HZ, beeps, draw

SIZE = (160, 96)
#: A keyframe every 25 frames, whatever the frames show, and two B-frames between others.
X264 = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "18",
    "-g",
    "25",
    "-sc_threshold",
    "0",
    "-bf",
    "2",
    "-pix_fmt",
    "yuv420p",
)
AAC = ("-c:a", "aac", "-b:a", "96k")


def run_ffmpeg(*arguments: str | Path, given: bytes | None = None) -> None:
    """Run ffmpeg; its messages are the error's text."""
    argv = [find_ffmpeg().path, "-hide_banner", "-v", "error", "-y", *arguments]
    ended = subprocess.run([str(each) for each in argv], input=given, capture_output=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")


def encode(
    path: Path,
    frames: int = 100,
    rate: Fraction | int = 25,
    *,
    first: int = 0,
    size: tuple[int, int] = SIZE,
    sounds: int = 1,
    video: Sequence[str] = X264,
    audio: Sequence[str] = AAC,
    before: Sequence[str] = (),
    offsets_s: Sequence[float] = (),
    options: Sequence[str] = (),
) -> Path:
    """Make a video.

    Args:
        path: of the file; its ending picks the container.
        frames: their count.
        rate: frames per second.
        first: number of the first frame; the sound begins with it.
        size: width and height.
        sounds: tracks of sound.
        video: ffmpeg's options of the picture's encoder.
        audio: ffmpeg's options of the sound's encoder.
        before: ffmpeg's options of the picture's input.
        offsets_s: seconds by which each track of sound begins late.
        options: ffmpeg's options of the file.
    """
    seconds = float(frames / Fraction(rate))
    inputs: list[str | Path] = []
    for track in range(sounds):
        inputs += ["-itsoffset", str(offsets_s[track] if track < len(offsets_s) else 0)]
        inputs += ["-i", _wav(path.with_name(f"{path.stem}-{track}.wav"), seconds, track)]
    maps = [argument for track in range(sounds) for argument in ("-map", f"{track + 1}:a")]
    pictures = b"".join(draw(number, *size).tobytes() for number in range(first, first + frames))
    run_ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-framerate", str(rate), *before, "-i", "pipe:",
        *inputs, "-map", "0:v", *maps, "-threads", "1", *video, *(audio if sounds else ()), *options, path,
        given=pictures,
    )  # fmt: skip
    return path


def _wav(path: Path, seconds: float, track: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((beeps(seconds, track) * np.float32(32_767)).astype("<i2").tobytes())
    return path
