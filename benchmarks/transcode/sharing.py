"""Measures several renditions from one decode beside a run for each, and two workers beside one ffmpeg of two threads."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.targets import Target
from benchmarks.timed_transcoding import TimedTranscoding
from benchmarks.transcode.whole_runs import cpu_s_of, encode_whole, encode_with_two_threads, make_source
from tests.support.transcoding import Transcoding

#: A ladder below a source of 1080p.
_RUNGS, _SECONDS = ("720p", "480p", "360p"), 30
#: Preset -> largest CPU time of all rungs from one decode, as a multiple of a run for each.
_SHARED = {"veryfast": 0.70, "medium": 0.92}
#: Largest wall time of two workers, as a multiple of one ffmpeg with two threads.
_TWO_WORKERS = 1.15
#: Two segments of the usual length for each worker.
_SEGMENT_S, _SEGMENTS = 60, 4


class _TwoWorkers(Transcoding):
    """A transcoding by two workers, each of one thread."""

    def run(self) -> None:
        stage = self.probe()
        with ThreadPoolExecutor(2) as workers:
            while stage:
                stage = [brought for found in workers.map(self.finish, stage) for brought in found]


def measure_renditions(folder: Path) -> list[Target]:
    """Return the CPU time of encoding three renditions from one decode, beside three whole runs, with each preset."""
    source = folder / "sharing.mp4"
    make_source(source, _SECONDS, (1920, 1080))
    return [
        Target(f"CPU time of three renditions / three runs, {preset}", _share(source, folder, preset), "≤", limit)
        for preset, limit in _SHARED.items()
    ]


def _share(source: Path, folder: Path, preset: str) -> float:
    # In one piece, so that this is of renditions alone.
    made = TimedTranscoding(source, folder / preset, {"renditions": list(_RUNGS), "preset": preset, "segment_s": 600}, wall_s=600)
    made.run()

    def encode_each() -> None:
        for rendition in made.plan.renditions:
            encode_whole(source, made.plan, rendition, folder / f"{preset}-{rendition.name}.mp4")

    return made.used_s("encode") / cpu_s_of(encode_each)


def measure_two_workers(folder: Path) -> list[Target]:
    """Return the wall time of two workers, beside one ffmpeg with two threads: from 1080p to 720p."""
    source = folder / "two-workers.mp4"
    make_source(source, _SEGMENTS * _SEGMENT_S, (1920, 1080))
    made = _TwoWorkers(source, folder / "two", {"renditions": ["720p"], "segment_s": _SEGMENT_S}, wall_s=600)
    divided_s = _wall_s(made.run)
    whole_s = _wall_s(lambda: encode_with_two_threads(source, made.plan.renditions[0], folder / "two.mp4"))
    return [Target("wall time of two workers / two threads", divided_s / whole_s, "≤", _TWO_WORKERS)]


def _wall_s(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin
