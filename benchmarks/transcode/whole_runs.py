"""Runs ffmpeg as one would without Sceneburst: a whole source at once."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from container_worker.media.child_program import used_cpu_s
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode.encoders import encoder_options
from scenequeue.jobs.transcode.plan import Rendition, Segment, TranscodePlan


def run(*arguments: str | Path) -> None:
    """Run ffmpeg."""
    argv = [str(find_ffmpeg().path), "-y", "-nostdin", "-hide_banner", "-v", "error", *map(str, arguments)]
    subprocess.run(argv, check=True)


def cpu_s_of(work: Callable[[], object]) -> float:
    """Return the CPU time that work takes, with that of its processes."""
    before = used_cpu_s()
    work()
    return used_cpu_s() - before


def make_source(path: Path, seconds: float, size: tuple[int, int] = (1280, 720)) -> None:
    """Make a video with motion, detail and grain, whose picture changes every four seconds."""
    picture = f"testsrc2=s={size[0]}x{size[1]}:r=25:d={seconds},noise=alls=14:allf=t,hue=h='40*floor(t/4)',gblur=sigma=0.6"
    run(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=d={seconds}", "-c:v", "libx264", "-preset", "veryfast"),
        *("-crf", "20", "-g", "125", "-pix_fmt", "yuv420p", "-c:a", "aac", path),
    )


def encode_whole(source: Path, plan: TranscodePlan, rendition: Rendition, made: Path) -> None:
    """Encode a source to a rendition in one run of one thread, with the keyframes of a plan."""
    keyframes = [segment.first_frame + frame for segment in plan.segments for frame in segment.keyframes]
    whole = Segment(number=0, first_frame=0, frames=len(plan.frame_pts), keyframes=keyframes)
    run(
        *("-threads", "1", "-filter_threads", "1", "-i", source, "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy"),
        *("-vf", f"scale={rendition.width}:{rendition.height}", "-fps_mode", "passthrough"),
        *(*encoder_options(rendition, plan.picture.frame_rate, whole), "-movflags", "+faststart", made),
    )


def encode_with_two_threads(source: Path, rendition: Rendition, made: Path) -> None:
    """Encode a source to a rendition in one run of two threads."""
    run(
        *("-threads", "2", "-i", source, "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy"),
        *("-vf", f"scale={rendition.width}:{rendition.height}", "-fps_mode", "passthrough"),
        *("-c:v", "libx264", "-threads", "2", "-preset", rendition.preset, "-crf", str(rendition.crf), made),
    )
