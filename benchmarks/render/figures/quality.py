"""Compares quality with the zoompan pipelines: VMAF, likeness to ideal frames, steadiness of the motion."""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.render.baselines.measured import SHARED, SHARED_CRF
from benchmarks.render.bench import QUALITY_S, UPSCALED_PX, Bench
from benchmarks.render.harness import FPS, PICTURES_PX, Cost, make_scene
from benchmarks.render.quality import Ideal, likeness, our_path, steadiness, vmaf, write_raw


def quality(bench: Bench) -> None:
    """Measure scenes without subtitles and watermark, of each picture."""
    harness = bench.harness
    differences: dict[str, list[float]] = {}
    for megapixels in PICTURES_PX:
        scene = make_scene(bench.folder, megapixels, QUALITY_S)
        makers: dict[str, Callable[[Path], Cost]] = {
            "ours, same settings": lambda out, s=scene: harness.ours(
                harness.request(s, threads=2, plain=True, crf=SHARED_CRF), out, SHARED
            ),
            "8000 px, zoompan": lambda out, s=scene: harness.zoompan(s, out, UPSCALED_PX, plain=True),
            "zoompan": lambda out, s=scene: harness.zoompan(s, out, PICTURES_PX[2][0], plain=True),
            "ours": lambda out, s=scene: harness.ours(harness.request(s, threads=2, plain=True), out),
            "ours, AV1": lambda out, s=scene: harness.ours(harness.request(s, threads=2, plain=True, codec="av1"), out),
        }
        ideal = Ideal(scene.picture, our_path, scene.frames)
        reference = write_raw(ideal, scene.frames, bench.fast / "ideal.yuv")
        rows = {}
        for name, make in makers.items():
            print(f"  quality, {megapixels} MP: {name}", file=sys.stderr, flush=True)
            video = bench.folder / "quality.mp4"
            make(video)
            near = likeness(video, ideal, range(5, scene.frames, 25))
            moved = steadiness(video, our_path, scene.frames)
            rows[name] = bench.add_row(
                f"quality, {megapixels} MP, {QUALITY_S:g} s", name, psnr_db=near.psnr_db, ssim=near.ssim,
                vmaf=vmaf(bench.harness.ffmpeg, video, reference, FPS), motion_px=moved.rms_px,
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
    for (name, values), (sign, limit) in zip(differences.items(), limits, strict=True):
        # No scene may step backwards at all; for the other figures the median counts.
        bench.check(name, max(values) if name.endswith("steps") else statistics.median(values), sign, limit)
