"""Measures what dividing a video costs, beside one whole run of a one-thread ffmpeg with the same encoder.

    python -m benchmarks.transcode [--source FILE | --seconds S] [--rung 360p] [--json]

Shows the CPU time of all stages at segments of 20 and 60 s, and the VMAF of the joined file beside that of the whole run, whose
keyframes are at the same places. Exits 1 if a target is missed.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.targets import Target, exit_code, print_targets
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.transcode.encode.encoders import encoder_options
from scenequeue.jobs.transcode.plan import Segment, TranscodePlan
from tests.support.transcoding import Transcoding

#: Segment's length, in seconds -> largest CPU time, as a multiple of the whole run's.
_COST = {20: 1.35, 60: 1.18}
#: Largest loss of VMAF: on average, of the frames at the ends of segments, and of a single one of these.
_MEAN_LOSS, _END_LOSS, _WORST_LOSS = 0.1, 0.5, 2.0
_END_FRAMES = 3


def _run(*arguments: str | Path) -> None:
    argv = [str(find_ffmpeg().path), "-y", "-nostdin", "-hide_banner", "-v", "error", *map(str, arguments)]
    subprocess.run(argv, check=True)


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time that work takes, with that of its processes."""
    before = _used_s()
    work()
    return _used_s() - before


def _used_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _make_source(path: Path, seconds: float) -> None:
    """Make a video of 720p with motion, detail and grain, whose picture changes every four seconds."""
    picture = f"testsrc2=s=1280x720:r=25:d={seconds},noise=alls=14:allf=t,hue=h='40*floor(t/4)',gblur=sigma=0.6"
    _run(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=d={seconds}", "-c:v", "libx264", "-preset", "veryfast"),
        *("-crf", "20", "-g", "125", "-pix_fmt", "yuv420p", "-c:a", "aac", path),
    )


def _encode_whole(source: Path, plan: TranscodePlan, made: Path) -> None:
    """Encode a source in one run, with the keyframes of a plan."""
    (rendition,) = plan.renditions
    keyframes = [segment.first_frame + frame for segment in plan.segments for frame in segment.keyframes]
    whole = Segment(number=0, first_frame=0, frames=len(plan.frame_pts), keyframes=keyframes)
    _run(
        *("-threads", "1", "-filter_threads", "1", "-i", source, "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy"),
        *("-vf", f"scale={rendition.width}:{rendition.height}", "-fps_mode", "passthrough"),
        *(*encoder_options(rendition, plan.picture.frame_rate, whole), "-movflags", "+faststart", made),
    )


def _vmaf(made: Path, source: Path, folder: Path) -> list[float]:
    """Return the VMAF of every frame."""
    log = folder / "vmaf.json"
    graph = f"[1:v][0:v]scale=rw:rh[source];[0:v][source]libvmaf=log_fmt=json:n_threads=2:log_path={log}"
    _run("-i", made, "-i", source, "-filter_complex", graph, "-f", "null", "-")
    return [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]


def _at_the_ends(plan: TranscodePlan) -> list[int]:
    """Return the positions of the frames beside the joins."""
    joins = [segment.first_frame for segment in plan.segments[1:]]
    return [position for join in joins for position in range(join - _END_FRAMES, join + _END_FRAMES)]


def measure(source: Path, folder: Path, rung: str) -> tuple[dict[str, float], list[Target]]:
    """Return the figures, and the targets."""
    figures: dict[str, float] = {}
    divided: dict[int, Transcoding] = {}
    for segment_s in _COST:
        made = Transcoding(source, folder / str(segment_s), {"renditions": [rung], "segment_s": segment_s})
        figures[f"cpu_s at {segment_s} s"] = _cpu_s(made.run)
        divided[segment_s] = made
    shortest = divided[min(_COST)]
    whole = folder / "whole.mp4"
    figures["cpu_s of the whole run"] = _cpu_s(lambda: _encode_whole(source, shortest.plan, whole))
    (rendition,) = shortest.plan.renditions
    joined = shortest.file(rendition.name)
    figures["size"] = joined.stat().st_size / whole.stat().st_size
    losses = [before - after for before, after in zip(*(_vmaf(each, source, folder) for each in (whole, joined)), strict=True)]
    ends = [losses[position] for position in _at_the_ends(shortest.plan)]
    return figures, [*_cost_targets(figures), *_quality_targets(losses, ends)]


def _cost_targets(figures: dict[str, float]) -> list[Target]:
    whole = figures["cpu_s of the whole run"]
    return [
        Target(f"CPU time at {segment_s} s / whole run", figures[f"cpu_s at {segment_s} s"] / whole, "≤", limit)
        for segment_s, limit in _COST.items()
    ]


def _quality_targets(losses: Sequence[float], ends: Sequence[float]) -> list[Target]:
    at = f"at {min(_COST)} s"
    found = [Target(f"mean loss of VMAF {at}", statistics.fmean(losses), "≤", _MEAN_LOSS)]
    if ends:
        found.append(
            Target(f"mean loss of {_END_FRAMES} frames before and after joins {at}", statistics.fmean(ends), "≤", _END_LOSS)
        )
        found.append(Target(f"largest loss of one of them {at}", max(ends), "≤", _WORST_LOSS))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="video to transcode; one is made otherwise")
    parser.add_argument("--seconds", type=float, default=180, help="length of the one that is made")
    parser.add_argument("--rung", default="360p", help="rendition")
    parser.add_argument("--json", action="store_true", help="print the figures and targets as one JSON document at the end")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="transcode-") as name:
        folder = Path(name)
        source = chosen.source
        if source is None:
            source = folder / "source.mp4"
            _make_source(source, chosen.seconds)
        figures, targets = measure(source.absolute(), folder, chosen.rung)
    print(", ".join(f"{what}: {value:.2f}" for what, value in figures.items()))
    print_targets(targets)
    if chosen.json:
        print(json.dumps({"figures": figures, "targets": [target.to_json() for target in targets]}, indent=2))
    return exit_code(targets)


if __name__ == "__main__":
    sys.exit(main())
