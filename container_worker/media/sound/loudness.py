"""Finds the gain that brings sound to a loudness, by measuring it (EBU R 128, ITU-R BS.1770)."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from container_worker.media.ffmpeg_process import FfmpegProcess
from scenequeue.errors import ToolFailed

#: Close enough, in LU; players and ears do not tell it from the target.
CLOSE_ENOUGH_LU = 0.1
#: Holding peaks takes loudness away, so the gain is corrected and measured again, at most this often.
_MAX_ROUNDS = 6
#: Near silence is left as it is rather than blown up, in LUFS, and no gain is larger than this, in dB.
_SILENCE_LUFS = -60.0
_MAX_GAIN_DB = 36.0
#: A decibel of gain is taken to bring at least this much, in LU.
_MIN_SLOPE = 0.25


def measure_loudness(ffmpeg_path: str, sound: Any, folder: Path, pcm: Iterable[bytes] | None = None) -> float:
    """Integrated loudness of a graph's sound, in LUFS; -70 where nothing is loud enough to be measured.

    Args:
        ffmpeg_path: the program.
        sound: an ffmpeg-python stream.
        folder: working directory of the child.
        pcm: what the graph reads from stdin, if it does.

    Raises:
        ToolFailed: the sound could not be read.
    """
    import ffmpeg

    meter = sound.filter("ebur128", framelog="quiet")
    stream = ffmpeg.output(meter, "-", f="null").global_args("-nostdin", "-hide_banner", "-nostats")
    argv = ffmpeg.compile(stream, cmd=ffmpeg_path)
    with FfmpegProcess(argv, folder, "measured loudness", has_input=True, has_report=True) as process:
        for block in pcm or ():
            process.write(block)
        report = process.finish()
    found = re.findall(r"^\s*I:\s+(-?[\d.]+|-inf) LUFS", report, re.MULTILINE)
    if not found:
        raise ToolFailed(f"ffmpeg reported no loudness\n{report[-2000:]}".rstrip())
    return max(-70.0, float(found[-1]))


def find_gain(target_lufs: float, level: Callable[[float], float]) -> float:
    """The gain, in dB, at which the sound has the target's loudness; 0 for what is near silence.

    Args:
        target_lufs: where to get.
        level: measures the loudness, in LUFS, that the finished sound has with a gain.

    Cost: two measurements as a rule, seven at most.
    """
    gain, now = 0.0, level(0.0)
    if now <= _SILENCE_LUFS:
        return 0.0
    slope = 1.0
    for _ in range(_MAX_ROUNDS):
        missing = target_lufs - now
        if abs(missing) <= CLOSE_ENOUGH_LU:
            break
        wanted = min(gain + missing / slope, _MAX_GAIN_DB)
        if wanted == gain:
            break
        reached = level(wanted)
        # The more the limiter takes away, the less a further decibel brings.
        slope = min(1.0, max(_MIN_SLOPE, (reached - now) / (wanted - gain)))
        gain, now = wanted, reached
    return gain
