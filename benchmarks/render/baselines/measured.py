"""Runs ours and the baselines: each renders one scene to an MP4 and is measured."""

import contextlib
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.environments import ROOT, python_with
from benchmarks.render.harness import FPS, FRAME_PX, SAMPLE_S, ZOOM, Cost, Scene, measure
from container_worker.media.ffmpeg import find_ffmpeg
from container_worker.media.request import RenderRequest
from container_worker.media.scene import encoder
from container_worker.media.scene.worker import SceneInputs, request_for
from container_worker.sandbox.environment import child_environment
from scenequeue.jobs.kinds.render import RenderOptions

BASELINES = ROOT / "benchmarks" / "render" / "baselines"
MOVIEPY = ["moviepy==2.2.1", "opencv-python-headless==4.12.0.88", "imageio-ffmpeg==0.6.0"]
FONT = ROOT / "container_worker" / "fonts" / "NotoSans-Regular.ttf"
#: The encoder settings of all contenders in comparisons with the same settings.
SHARED_PRESET, SHARED_CRF = "veryfast", 23
#: The preset's own value, so that it changes nothing.
SHARED_PARAMS = "scenecut=40"
SHARED = (SHARED_PRESET, SHARED_PARAMS)


class RenderHarness:
    """Runs ours and the baselines in a folder.

    Args:
        folder: for their output.
        fast: a folder in memory, for raw frames.
        sample_s: seconds between two samples of our memory.
    """

    def __init__(self, folder: Path, fast: Path, sample_s: float = SAMPLE_S) -> None:
        self.folder, self._fast, self._sample_s = folder, fast, sample_s
        self.ffmpeg = find_ffmpeg().path

    @staticmethod
    def medians(costs: Sequence[Cost]) -> dict[str, float]:
        """Return the medians of wall and CPU seconds, and the maximum of the memory."""
        return {
            "wall_s": statistics.median(cost.wall_s for cost in costs),
            "cpu_s": statistics.median(cost.cpu_s for cost in costs),
            "peak_mb": max(cost.peak_mb for cost in costs),
        }

    def request(self, scene: Scene, *, threads: int, plain: bool = False, **options: Any) -> RenderRequest:
        """Return the request for a render child; `plain` leaves subtitles and watermark out."""
        more = {} if plain else {"subtitles": scene.subtitles, "watermark": scene.watermark}
        inputs = SceneInputs(scene.picture, scene.narration, **more)
        chosen = RenderOptions(**{"zoom": ZOOM, "fps": FPS, "normalize_loudness": False, **options})
        return request_for(inputs, chosen, self.folder / "scratch", self.ffmpeg, threads)

    def ours(self, request: RenderRequest, output: Path, settings: tuple[str, str] | None = None) -> Cost:
        """Measure our render child, optionally with another preset and parameters of x264."""
        cost = self._child(request, settings or ())
        (Path(request.scratch) / "scene.mp4").rename(output)
        return cost

    def first_frame_s(self, request: RenderRequest) -> float:
        """Measure the seconds from the render child's start to its first frame."""
        lines: list[str] = []
        self._child(request, printed=lines)
        return float(next(json.loads(line)["first_frame_s"] for line in lines if "first_frame_s" in line))

    def raw_frames(self, request: RenderRequest) -> Path:
        """Write our frames, as sent to the encoder, to a file in memory."""
        target = self._fast / "frames.yuv"
        self._child(request, ("--frames", str(target)))
        return target

    def _child(self, request: RenderRequest, arguments: Sequence[str] = (), printed: list[str] | None = None) -> Cost:
        shutil.rmtree(request.scratch, ignore_errors=True)
        Path(request.scratch).mkdir()
        argv = [sys.executable, "-m", "benchmarks.render.ours", *arguments]
        return measure(
            argv, stdin=json.dumps(asdict(request)).encode() + b"\ngo\n", printed=printed,
            more=child_environment(self.folder), sample_s=self._sample_s,
        )  # fmt: skip

    def encoder_alone(self, request: RenderRequest, frames: Path, output: Path) -> Cost:
        """Measure ffmpeg with our graph, settings (or those of `with_encoder`) and environment, on frames in memory."""
        count = frames.stat().st_size * 2 // (3 * FRAME_PX[0] * FRAME_PX[1])
        argv = encoder.argv_for(request, count, str(output))
        with frames.open("rb") as file:
            return measure(argv, stdin=file, more=child_environment(self.folder))

    def zoompan(self, scene: Scene, output: Path, width: int, *, plain: bool = False) -> Cost:
        """Measure the usual recipe: enlarge to this width, zoompan, subtitles, watermark; same path, shared settings."""
        share = f"(on/{scene.frames - 1})"
        zoom = f"pow({ZOOM},{share}*{share}*(3-2*{share}))"
        graph = (
            f"[0:v]scale={width}:-1,zoompan=z='{zoom}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)'"
            f":d={scene.frames}:s={FRAME_PX[0]}x{FRAME_PX[1]}:fps={FPS},format=yuv420p"
        )
        if plain:
            graph += "[v]"
        else:
            graph += f",subtitles={scene.subtitles}:fontsdir={FONT.parent}[t];[2:v]scale=194:-1[m];[t][m]overlay=W-w-32:32[v]"
        request = self.request(scene, threads=2, crf=SHARED_CRF)
        with with_encoder("h264", *SHARED):
            options = encoder.codec_arguments(request)
        argv = [str(self.ffmpeg), "-y", "-nostdin", "-loglevel", "error", "-i", str(scene.picture), "-i", str(scene.narration)]
        argv += ["-i", str(scene.watermark), "-filter_complex", graph, "-map", "[v]", "-map", "1:a"]
        argv += [word for name, value in options.items() for word in (f"-{name}", str(value))]
        argv += ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", "-frames:v", str(scene.frames)]
        argv += ["-colorspace", "bt709", "-movflags", "+faststart", str(output)]
        return measure(argv)

    def moviepy(self, scene: Scene, output: Path) -> Cost:
        """Measure MoviePy 2 with the shared settings."""
        return self._run_baseline("moviepy_scene.py", scene, output)

    def replaced_chain(self, scene: Scene, output: Path, *, plain: bool = False) -> Cost:
        """Measure the four encodes of the replaced system."""
        return self._run_baseline("replaced_chain.py", scene, output, plain=plain)

    def _run_baseline(self, program: str, scene: Scene, output: Path, *, plain: bool = False) -> Cost:
        from container_worker.media.subtitles.cues import read_cues

        facts = {
            "picture": str(scene.picture), "narration": str(scene.narration), "watermark": str(scene.watermark),
            "srt": str(scene.subtitles), "size": FRAME_PX, "fps": FPS, "zoom": ZOOM, "seconds": scene.seconds,
            "cues": [] if plain else [(cue.start_s, cue.end_s, cue.text) for cue in read_cues(str(scene.subtitles), "subtitles")],
            "font": str(FONT), "ffmpeg": str(self.ffmpeg), "output": str(output),
        }  # fmt: skip
        plan = self.folder / "scene.json"
        plan.write_text(json.dumps(facts))
        python = python_with("moviepy", MOVIEPY)
        return measure(
            [python, str(BASELINES / program), str(plan)], more={"IMAGEIO_FFMPEG_EXE": str(self.ffmpeg), "PYTHONPATH": ""}
        )


@contextlib.contextmanager
def with_encoder(codec: str, preset: str | int, params: str) -> Iterator[None]:
    """Use another preset and parameters than ours for the length of the block."""
    name = "AV1" if codec == "av1" else "X264"
    with mock.patch.multiple(encoder, **{f"{name}_PRESET": preset, f"{name}_PARAMS": params}):
        yield


def in_turns(rounds: int, contenders: dict[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """Measure every contender once a round, in rotating order, so that a slow minute of the machine affects all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(rounds):
        names = list(contenders)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            costs[name].append(contenders[name]())
            print(f"  round {number + 1} of {rounds}, {name}: {costs[name][-1].wall_s:.1f} s", file=sys.stderr, flush=True)
    return costs
