"""Measures loudness, and finds the gain that reaches a target (EBU R 128, ITU-R BS.1770)."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from container_worker.codes import Code
from container_worker.media.ffmpeg_process import FfmpegProcess
from container_worker.sandbox.last_lines import with_last_lines
from scenequeue.errors import ToolFailed
from scenequeue.reasons import Reason

#: Tolerance, in LU; the difference is not audible.
CLOSE_ENOUGH_LU = 0.1
#: Limiting peaks lowers loudness, so the gain is corrected and measured again, at most this often.
_MAX_ROUNDS = 6
#: Sound below this loudness, in LUFS, counts as silence and is not amplified; and the largest gain, in dB.
_SILENCE_LUFS = -60.0
_MAX_GAIN_DB = 36.0
#: Least change of loudness, in LU, that is assumed for a decibel of gain.
_MIN_SLOPE = 0.25


def measure_loudness(ffmpeg_path: str, sound: Any, folder: Path, pcm: Iterable[bytes] | None = None) -> float:
    """Measure the integrated loudness of a graph's sound, in LUFS; -70 for silence.

    Args:
        ffmpeg_path: the program.
        sound: an ffmpeg-python stream.
        folder: working directory of the child.
        pcm: input for a graph that reads stdin.

    Raises:
        ToolFailed: the sound could not be read.
    """
    import ffmpeg

    meter = sound.filter("ebur128", framelog="quiet")
    stream = ffmpeg.output(meter, "-", f="null").global_args("-nostdin", "-hide_banner", "-nostats")
    argv = ffmpeg.compile(stream, cmd=ffmpeg_path)
    with FfmpegProcess(argv, folder, Code.LOUDNESS_NOT_MEASURED, has_input=True, has_report=True) as process:
        for block in pcm or ():
            process.write(block)
        report = process.finish()
    found = re.findall(r"^\s*I:\s+(-?[\d.]+|-inf) LUFS", report, re.MULTILINE)
    if not found:
        raise ToolFailed(with_last_lines(Reason(Code.LOUDNESS_NOT_REPORTED), report[-2000:]))
    return max(-70.0, float(found[-1]))


def find_gain(target_lufs: float, level: Callable[[float], float]) -> float:
    """Return the gain, in dB, at which the sound reaches the target loudness; 0 for silence.

    Args:
        target_lufs: the target.
        level: measures the loudness, in LUFS, of the finished sound with a gain in dB.

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
        # The more the limiter acts, the less a further decibel adds.
        slope = min(1.0, max(_MIN_SLOPE, (reached - now) / (wanted - gain)))
        gain, now = wanted, reached
    return gain
