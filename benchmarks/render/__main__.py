"""Rendering beside the usual pipelines: time, memory, quality, steadiness; `make bench-render`.

    python -m benchmarks.render [--figures NAME,…] [--rounds N] [--seconds S] [--json] [--docs FOLDER]

All contenders make the same scenes in turns: generated detailed pictures of 2, 6 and 12 megapixels, 1080p at 30 frames a
second, a slow zoom, subtitles and a watermark. Ratios hold within a run; absolute times only for the machine. Exits 1 when a
bar is missed.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.render.baselines.measured import SHARED, SHARED_CRF, Stage, in_pairs, with_encoder
from benchmarks.render.busy import busy_share
from benchmarks.render.front import front
from benchmarks.render.harness import FPS, PICTURES_PX, Cost, Scene, draw_picture, make_scene
from benchmarks.render.quality import Ideal, chain_path, likeness, our_path, steadiness, vmaf, write_raw
from benchmarks.render.report import write_docs
from benchmarks.targets import Bar, print_bars
from container_worker.media.request import RenderRequest

#: Seconds of the scenes that quality is measured on, without subtitles and watermark.
QUALITY_S = 10.0
UPSCALED_PX = 8000
#: That slots are shared out over.
CORES = 2
#: How fast the detail of the picture for `likeness` falls with its fineness. The replaced chain then comes no nearer to the ideal
#: than where its bars were set: 32.9 dB and 0.9665 (its PSNR hangs on the hard edges, its SSIM on this).
LIKENESS_FALLOFF = 1.55
Row = dict[str, Any]


class Bench:
    """Every figure of a run.

    Args:
        folder: for media and videos; the fast one is in memory.
        rounds: how often each is timed.
        seconds: length of the timed scenes.
    """

    def __init__(self, folder: Path, fast: Path, rounds: int, seconds: float) -> None:
        self.folder, self.fast, self.rounds, self.seconds = folder, fast, rounds, seconds
        self.stage = Stage(folder, fast)
        self.rows: list[Row] = []
        self.bars: list[Bar] = []

    def hold(self, what: str, value: float, sign: str, bar: float) -> None:
        self.bars.append(Bar(what, value, sign, bar))
        print_bars(self.bars[-1:])

    def note(self, figure: str, system: str, costs: list[Cost] | None = None, **more: float) -> Row:
        """A row of the table: medians of the costs, and whatever else was measured."""
        row: Row = {"figure": figure, "system": system}
        if costs:
            row |= self.stage.medians(costs)
        self.rows.append({**row, **more})
        return self.rows[-1]

    def speed(self) -> None:
        """The same encoder settings for all; then ours with our own settings."""
        ratios: dict[str, list[float]] = {}
        for megapixels in PICTURES_PX:
            scene = make_scene(self.folder, megapixels, self.seconds)
            same = self.stage.request(scene, threads=2, crf=SHARED_CRF)
            own, av1 = self.stage.request(scene, threads=2), self.stage.request(scene, threads=2, codec="av1")
            frames = self.stage.raw_frames(same)
            out = {name: self.folder / f"{name}-{megapixels}.mp4" for name in ("ours", "alone", "zoompan", "own", "av1")}
            costs = in_pairs(
                self.rounds,
                {
                    "ours, same settings": lambda same=same, out=out: self.stage.ours(same, out["ours"], SHARED),
                    "encoder alone": lambda same=same, f=frames, out=out: self._alone(same, f, out["alone"]),
                    "8000 px, zoompan": lambda scene=scene, out=out: self.stage.zoompan(scene, out["zoompan"], UPSCALED_PX),
                    "ours": lambda own=own, out=out: self.stage.ours(own, out["own"]),
                    "ours, AV1": lambda av1=av1, out=out: self.stage.ours(av1, out["av1"]),
                },
            )
            frames.unlink()
            figure = f"{megapixels} MP, {self.seconds:g} s"
            ours, alone, zoompan, own_row, av1_row = (
                self.note(figure, name, costs[name], mb=file.stat().st_size / 1e6)
                for name, file in zip(costs, out.values(), strict=True)
            )
            for name, value in {
                "8000 px zoompan / ours, same settings: wall": zoompan["wall_s"] / ours["wall_s"],
                "8000 px zoompan / ours, same settings: CPU": zoompan["cpu_s"] / ours["cpu_s"],
                "ours, same settings / encoder alone: wall": ours["wall_s"] / alone["wall_s"],
                "ours, same settings / encoder alone: CPU": ours["cpu_s"] / alone["cpu_s"],
                "8000 px zoompan / ours: wall": zoompan["wall_s"] / own_row["wall_s"],
                "8000 px zoompan / ours, AV1: wall": zoompan["wall_s"] / av1_row["wall_s"],
                "ours / 8000 px zoompan: size": own_row["mb"] / zoompan["mb"],
                "ours, AV1 / 8000 px zoompan: size": av1_row["mb"] / zoompan["mb"],
            }.items():
                ratios.setdefault(name, []).append(value)
        limits = [("≥", 1.9), ("≥", 1.7), ("≤", 1.15), ("≤", 1.25), ("≥", 3.0), ("≥", 2.5), ("≤", 1.1), ("≤", 0.85)]
        for (name, values), (sign, bar) in zip(ratios.items(), limits, strict=True):
            self.hold(name, statistics.median(values), sign, bar)

    def _alone(self, request: RenderRequest, frames: Path, output: Path) -> Cost:
        with with_encoder("h264", *SHARED):
            return self.stage.encoder_alone(request, frames, output)

    def rivals(self) -> None:
        """MoviePy, and the chain of four encodes that is replaced: much slower, so once only."""
        scene = make_scene(self.folder, 2, self.seconds)
        same, own = self.stage.request(scene, threads=2, crf=SHARED_CRF), self.stage.request(scene, threads=1)
        costs = in_pairs(
            1,
            {
                "moviepy 2": lambda: self.stage.moviepy(scene, self.folder / "moviepy.mp4"),
                "ours, same settings": lambda: self.stage.ours(same, self.folder / "ours.mp4", SHARED),
                "replaced chain": lambda: self.stage.replaced_chain(scene, self.folder / "chain.mp4"),
                "ours, one thread": lambda: self.stage.ours(own, self.folder / "own.mp4"),
            },
        )
        figure = f"rivals, 2 MP, {scene.seconds:g} s"
        moviepy, ours, chain, one = (self.note(figure, name, cost) for name, cost in costs.items())
        self.hold("moviepy 2 / ours, same settings: wall", moviepy["wall_s"] / ours["wall_s"], "≥", 6.0)
        self.hold("replaced chain / ours: CPU seconds", chain["cpu_s"] / one["cpu_s"], "≥", 10.0)
        plain = replace(make_scene(self.folder, 2, 5.0), picture=self.folder / "likeness.jpg")
        draw_picture(plain.picture, PICTURES_PX[2], seed=1, falloff=LIKENESS_FALLOFF)
        video, chained = self.folder / "plain.mp4", self.folder / "plain-chain.mp4"
        self.stage.ours(self.stage.request(plain, threads=2, plain=True), video)
        self.stage.replaced_chain(plain, chained, plain=True)
        looked_at = range(0, plain.frames, 10)
        mine = likeness(video, Ideal(plain.picture, our_path, plain.frames), looked_at)
        theirs = likeness(chained, Ideal(plain.picture, chain_path, plain.frames), looked_at)
        # What the bars below were set for: a picture that is as hard for the chain as theirs.
        self.hold("replaced chain: PSNR against the ideal, dB", theirs.psnr_db, "≤", 32.9)
        self.hold("replaced chain: SSIM against the ideal", theirs.ssim, "≤", 0.9665)
        self.note("likeness, 2 MP, 5 s", "replaced chain", psnr_db=theirs.psnr_db, ssim=theirs.ssim)
        self.note("likeness, 2 MP, 5 s", "ours", psnr_db=mine.psnr_db, ssim=mine.ssim)
        self.hold("ours: PSNR against the ideal, dB", mine.psnr_db, "≥", 38.0)
        self.hold("ours: SSIM against the ideal", mine.ssim, "≥", 0.977)

    def quality(self) -> None:
        """VMAF, likeness and steadiness on plain scenes of each picture."""
        differences: dict[str, list[float]] = {}
        for megapixels in PICTURES_PX:
            scene = make_scene(self.folder, megapixels, QUALITY_S)
            makers: dict[str, Callable[[Path], Cost]] = {
                "ours, same settings": lambda out, s=scene: self.stage.ours(
                    self.stage.request(s, threads=2, plain=True, crf=SHARED_CRF), out, SHARED
                ),
                "8000 px, zoompan": lambda out, s=scene: self.stage.zoompan(s, out, UPSCALED_PX, plain=True),
                "zoompan": lambda out, s=scene: self.stage.zoompan(s, out, PICTURES_PX[2][0], plain=True),
                "ours": lambda out, s=scene: self.stage.ours(self.stage.request(s, threads=2, plain=True), out),
                "ours, AV1": lambda out, s=scene: self.stage.ours(self.stage.request(s, threads=2, plain=True, codec="av1"), out),
            }
            ideal = Ideal(scene.picture, our_path, scene.frames)
            reference = write_raw(ideal, scene.frames, self.fast / "ideal.yuv")
            rows = {}
            for name, make in makers.items():
                print(f"  quality, {megapixels} MP: {name}", file=sys.stderr, flush=True)
                video = self.folder / "quality.mp4"
                make(video)
                near = likeness(video, ideal, range(5, scene.frames, 25))
                moved = steadiness(video, our_path, scene.frames)
                rows[name] = self.note(
                    f"quality, {megapixels} MP, {QUALITY_S:g} s", name, psnr_db=near.psnr_db, ssim=near.ssim,
                    vmaf=vmaf(self.stage.ffmpeg, video, reference, FPS), motion_px=moved.rms_px,
                    backward_steps=moved.backward_steps, mb=video.stat().st_size / 1e6,
                )  # fmt: skip
            reference.unlink()
            ours, same, zoompan = rows["ours"], rows["ours, same settings"], rows["8000 px, zoompan"]
            for name, value in {
                "ours: VMAF above 8000 px zoompan": ours["vmaf"] - zoompan["vmaf"],
                "ours, AV1: VMAF above 8000 px zoompan": rows["ours, AV1"]["vmaf"] - zoompan["vmaf"],
                "ours: motion error, px RMS": ours["motion_px"],
                "ours, same settings: PSNR above 8000 px zoompan, dB": same["psnr_db"] - zoompan["psnr_db"],
                "ours: backward steps": ours["backward_steps"],
            }.items():
                differences.setdefault(name, []).append(value)
        limits = [("≥", -0.5), ("≥", 1.5), ("≤", 0.06), ("≥", 0.0), ("≤", 0.0)]
        for (name, values), (sign, bar) in zip(differences.items(), limits, strict=True):
            # One step backwards in any of them is one too many.
            self.hold(name, max(values) if name.endswith("steps") else statistics.median(values), sign, bar)

    def static(self) -> None:
        """Scenes without motion."""
        scene = make_scene(self.folder, 6, self.seconds)
        still, zoomed = self.stage.request(scene, threads=1, motion="none"), self.stage.request(scene, threads=1)
        costs = in_pairs(
            self.rounds,
            {
                "ours, no motion": lambda: self.stage.ours(still, self.folder / "still.mp4"),
                "ours, one thread": lambda: self.stage.ours(zoomed, self.folder / "zoomed.mp4"),
            },
        )
        rows = [self.note(f"motion or none, 6 MP, {scene.seconds:g} s", name, cost) for name, cost in costs.items()]
        self.hold("no motion: CPU seconds per second of video", rows[0]["cpu_s"] / scene.seconds, "≤", 0.5)

    def slots(self) -> None:
        """Ways to share two cores: so many scenes at a time, with so many encoder threads each; and what the last scene could do.

        `tail` is five scenes, of which the last one has both cores for itself.
        """
        scene = make_scene(self.folder, 6, self.seconds)
        plans = {
            "2 slots of 1 thread": (2, [1] * 4), "1 slot of 2 threads": (1, [2] * 4), "2 slots of 2 threads": (2, [2] * 4),
            "2 slots of 1 thread, tail": (2, [1] * 5), "the same, the last with 2 threads": (2, [1] * 4 + [2]),
            "1 slot of 1 thread": (1, [1] * 2),
        }  # fmt: skip
        taken: dict[str, list[Cost]] = {name: [] for name in plans}
        for _ in range(min(2, self.rounds)):
            for name, (slots, threads) in plans.items():
                taken[name].append(self._in_slots(scene, slots, threads))
        rates = {}
        for name, costs in taken.items():
            whole, scenes = self.stage.medians(costs), len(plans[name][1])
            rates[name] = 60 * scenes / whole["wall_s"]
            print(f"  {name}: {rates[name]:.2f} scenes a minute", file=sys.stderr, flush=True)
            busy = whole["cpu_s"] / whole["wall_s"] / CORES
            figure = f"slots, 6 MP, {scene.seconds:g} s"
            self.note(figure, name, scenes_per_minute=rates[name], cpu_s=whole["cpu_s"] / scenes, cores_busy=busy)
        gain = rates["2 slots of 1 thread"] / rates["1 slot of 2 threads"]
        self.hold("2 slots / 1 slot of two threads: scenes a minute", gain, "≥", 1.25)

    def _in_slots(self, scene: Scene, slots: int, threads: list[int]) -> Cost:
        """A scene of each of these thread counts, so many at a time: wall seconds of all together, and the sum of their CPU's."""

        def one(number: int) -> Cost:
            folder = self.folder / f"slot-{number}"
            folder.mkdir(exist_ok=True)
            stage = Stage(folder, self.fast)
            return stage.ours(stage.request(scene, threads=threads[number]), folder / "made.mp4")

        began = time.monotonic()
        with ThreadPoolExecutor(slots) as pool:
            costs = list(pool.map(one, range(len(threads))))
        return Cost(time.monotonic() - began, sum(cost.cpu_s for cost in costs), max(cost.peak_mb for cost in costs))

    def memory(self) -> None:
        """One slot with a picture of 12 megapixels: its memory, and how soon it hands its first frame over."""
        scene = make_scene(self.folder, 12, self.seconds)
        request = self.stage.request(scene, threads=1)
        watched = Stage(self.folder, self.fast, look_s=0.05)
        costs = [watched.ours(request, self.folder / "slot.mp4") for _ in range(self.rounds)]
        first_s = statistics.median(self.stage.first_frame_s(request) for _ in range(3))
        row = self.note(f"one slot, 12 MP, {scene.seconds:g} s", "ours", costs, first_frame_s=first_s)
        self.hold("one slot: peak memory, MB", row["peak_mb"], "≤", 350.0)
        self.hold("start to first frame, s", first_s, "≤", 0.6)

    def busy(self) -> None:
        """A container's encoders with a queue of scenes before them."""
        scene = make_scene(self.folder, 6, self.seconds)
        taken = busy_share(self.folder, scene, scenes=10, slots=2)
        self.note(f"container with 10 scenes, 6 MP, {scene.seconds:g} s", "ours", **taken)
        self.hold("container: encoders busy, share of the time", taken["busy_share"], "≥", 0.95)

    def front(self) -> None:
        """Encoder settings by time, size and quality; nothing is held to a bar, the defaults are picked by looking at it."""
        self.rows += front(self.stage, make_scene(self.folder, 6, QUALITY_S), min(2, self.rounds))


FIGURES: dict[str, Callable[[Bench], None]] = {
    "speed": Bench.speed, "rivals": Bench.rivals, "quality": Bench.quality, "static": Bench.static,
    "slots": Bench.slots, "memory": Bench.memory, "busy": Bench.busy, "front": Bench.front,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", default=",".join(FIGURES), help=f"which, comma-separated: {', '.join(FIGURES)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed; medians are shown")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the timed scenes")
    parser.add_argument("--json", action="store_true", help="print rows and bars as one JSON document at the end")
    parser.add_argument("--docs", type=Path, help="folder whose rendering.md and pictures are written anew")
    chosen = parser.parse_args()
    names = [name for name in chosen.figures.split(",") if name]
    if unknown := sorted(set(names) - set(FIGURES)):
        parser.error(f"--figures: unknown: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    in_memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(prefix="render-benchmark-") as folder,
        tempfile.TemporaryDirectory(prefix="render-benchmark-", dir=in_memory if os.access(in_memory, os.W_OK) else None) as fast,
    ):
        if shutil.disk_usage(fast).free < 2.5e9:
            parser.error(f"{fast} has less than 2.5 GB free, which raw frames need")
        bench = Bench(Path(folder), Path(fast), chosen.rounds, chosen.seconds)
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            FIGURES[name](bench)
    if chosen.docs:
        write_docs(chosen.docs, bench.rows, bench.bars)
    if chosen.json:
        print(json.dumps({"rows": bench.rows, "bars": [bar._asdict() | {"held": bar.is_held} for bar in bench.bars]}, indent=2))
    return int(not all(bar.is_held for bar in bench.bars))


if __name__ == "__main__":
    sys.exit(main())
