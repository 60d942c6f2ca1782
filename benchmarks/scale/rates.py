"""Measures the rates that the model goes on from: CPU time of every stage of a transcoding from 4K to 720p, on this machine."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.timed_transcoding import TimedTranscoding
from benchmarks.transcode.whole_runs import run

#: Lengths of two films in one segment, which tell the fixed part of a stage and the part of each frame; the longer one is cut,
#: too, which tells the part of a join.
_SHORT_S, _LONG_S, _SEGMENT_S = 15, 45, 9
_FPS = 25
#: Frames of the film whose probe is measured: an hour.
_PROBED_S = 3600


@dataclass(frozen=True)
class Stage:
    """Seconds of a core that a stage takes: a fixed part, and a part of each frame and of each join."""

    fixed_s: float = 0.0
    frame_s: float = 0.0
    join_s: float = 0.0

    def of(self, frames: int, joins: int = 0) -> float:
        """Return the seconds for this many frames and joins."""
        return self.fixed_s + self.frame_s * frames + self.join_s * joins


@dataclass(frozen=True)
class Rates:
    """Measured rates. Encoding counts frames with run-up and look-ahead."""

    probe: Stage
    encode: Stage
    join: Stage
    verify: Stage
    #: Bit rate of what is made, in bytes a second.
    made_bytes_s: float

    def encoding_at(self, frames_per_core_s: float) -> "Rates":
        """Return the same rates, with another one of encoding.

        Args:
            frames_per_core_s: source frames that a core encodes in a second.
        """
        return replace(self, encode=Stage(frame_s=1 / frames_per_core_s))


def measure() -> Rates:
    """Make films in 4K, transcode them to 720p, and return the rates."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        short, long = (_made(_source(folder, seconds), folder / str(seconds), seconds) for seconds in (_SHORT_S, _LONG_S))
        cut = _made(long.source, folder / "cut", _SEGMENT_S)
        frames = sum(segment.lead_frames + segment.frames + segment.tail_frames for segment in cut.plan.segments)
        probe_s = _probe_s(folder)
        return Rates(
            probe=Stage(frame_s=probe_s / (_PROBED_S * _FPS)), encode=Stage(frame_s=cut.used_s("encode") / frames),
            join=_stage("join", short, long, cut), verify=_stage("verify", short, long, cut),
            made_bytes_s=long.file("720p").stat().st_size / _LONG_S,
        )  # fmt: skip


def _made(source: Path, folder: Path, segment_s: int) -> TimedTranscoding:
    made = TimedTranscoding(source, folder, {"renditions": ["720p"], "segment_s": segment_s})
    made.run()
    return made


def _stage(kind: str, short: TimedTranscoding, long: TimedTranscoding, cut: TimedTranscoding) -> Stage:
    few, many = len(short.plan.frame_pts), len(long.plan.frame_pts)
    less_s, more_s = short.used_s(kind), long.used_s(kind)
    frame_s = max(0.0, (more_s - less_s) / (many - few))
    join_s = max(0.0, (cut.used_s(kind) - more_s) / (len(cut.plan.segments) - 1))
    return Stage(max(0.0, less_s - frame_s * few), frame_s, join_s)


def _probe_s(folder: Path) -> float:
    """Return the CPU time of a long film's probe, which reads the table of frames and no pictures."""
    short, source = folder / "small.mp4", folder / "hour.mp4"
    clip = f"testsrc2=s=64x36:r={_FPS}:d=60"
    run("-f", "lavfi", "-i", clip, "-c:v", "libx264", "-g", "50", short)
    run("-stream_loop", str(_PROBED_S // 60 - 1), "-i", short, "-c", "copy", source)
    probed = TimedTranscoding(source, folder / "hour", {})
    probed.probe()
    return probed.used_s("probe")


def _source(folder: Path, seconds: int) -> Path:
    """Make a film in 4K with motion, detail and grain, of about the article's bit rate: 15 Mbit/s."""
    path = folder / f"{seconds}.mp4"
    picture = f"testsrc2=s=1920x1080:r={_FPS}:d={seconds},noise=alls=8:allf=t,scale=3840:2160:flags=bicubic"
    run(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=d={seconds}", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-b:v", "15M", "-maxrate", "20M", "-bufsize", "20M", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", path),
    )
    return path
