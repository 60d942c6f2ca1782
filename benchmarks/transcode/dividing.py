"""Measures what dividing a video costs, beside one whole run of a one-thread ffmpeg with the same encoder.

The CPU time of all stages at segments of 20 and 60 s, and the VMAF of the joined file beside that of the whole run, which has its
keyframes at the same places.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.targets import Target
from benchmarks.transcode.whole_runs import cpu_s_of, encode_whole, run
from scenequeue.jobs.transcode.plan import TranscodePlan
from tests.support.transcoding import Transcoding

#: Segment's length, in seconds -> largest CPU time, as a multiple of the whole run's.
_COST = {20: 1.35, 60: 1.18}
#: Segment's length, in seconds -> most bytes that all segments read, as a multiple of the source's.
_READING = {60: 1.15}
#: Largest loss of VMAF: on average, of the frames at the ends of segments, and of a single one of these.
_MEAN_LOSS, _END_LOSS, _WORST_LOSS = 0.1, 0.5, 2.0
_END_FRAMES = 3


def vmaf_of(made: Path, source: Path, folder: Path) -> list[float]:
    """Return the VMAF of every frame."""
    log = folder / "vmaf.json"
    graph = f"[1:v][0:v]scale=rw:rh[source];[0:v][source]libvmaf=log_fmt=json:n_threads=2:log_path={log}"
    run("-i", made, "-i", source, "-filter_complex", graph, "-f", "null", "-")
    return [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]


def _at_the_ends(plan: TranscodePlan) -> list[int]:
    """Return the positions of the frames beside the joins."""
    joins = [segment.first_frame for segment in plan.segments[1:]]
    return [position for join in joins for position in range(join - _END_FRAMES, join + _END_FRAMES)]


def measure_dividing(source: Path, folder: Path, rung: str) -> tuple[dict[str, float], list[Target]]:
    """Return the figures, and the targets."""
    figures: dict[str, float] = {}
    divided: dict[int, Transcoding] = {}
    for segment_s in _COST:
        made = Transcoding(source, folder / str(segment_s), {"renditions": [rung], "segment_s": segment_s})
        figures[f"cpu_s at {segment_s} s"] = cpu_s_of(made.run)
        divided[segment_s] = made
    shortest = divided[min(_COST)]
    whole = folder / "whole.mp4"
    figures["cpu_s of the whole run"] = cpu_s_of(lambda: encode_whole(source, shortest.plan, shortest.plan.renditions[0], whole))
    (rendition,) = shortest.plan.renditions
    joined = shortest.file(rendition.name)
    figures["size"] = joined.stat().st_size / whole.stat().st_size
    losses = [before - after for before, after in zip(*(vmaf_of(each, source, folder) for each in (whole, joined)), strict=True)]
    ends = [losses[position] for position in _at_the_ends(shortest.plan)]
    reading = _reading_targets({segment_s: made.plan for segment_s, made in divided.items()})
    return figures, [*_cost_targets(figures), *reading, *_quality_targets(losses, ends)]


def _cost_targets(figures: dict[str, float]) -> list[Target]:
    whole = figures["cpu_s of the whole run"]
    return [
        Target(f"CPU time at {segment_s} s / whole run", figures[f"cpu_s at {segment_s} s"] / whole, "≤", limit)
        for segment_s, limit in _COST.items()
    ]


def _reading_targets(plans: Mapping[int, TranscodePlan]) -> list[Target]:
    """Return the bytes that all segments read; one without spans reads the whole source."""
    found = []
    for segment_s, limit in _READING.items():
        source, segments = plans[segment_s].source, plans[segment_s].segments
        read = sum(sum(end - begin for begin, end in segment.ranges) or source.bytes for segment in segments)
        found.append(Target(f"bytes read at {segment_s} s / source", read / source.bytes, "≤", limit))
    return found


def _quality_targets(losses: Sequence[float], ends: Sequence[float]) -> list[Target]:
    at = f"at {min(_COST)} s"
    found = [Target(f"mean loss of VMAF {at}", statistics.fmean(losses), "≤", _MEAN_LOSS)]
    if ends:
        found.append(
            Target(f"mean loss of {_END_FRAMES} frames before and after joins {at}", statistics.fmean(ends), "≤", _END_LOSS)
        )
        found.append(Target(f"largest loss of one of them {at}", max(ends), "≤", _WORST_LOSS))
    return found
