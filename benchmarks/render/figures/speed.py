"""Compares time and size with the encoder alone and the usual zoompan pipeline."""

import statistics
from pathlib import Path

from benchmarks.render.baselines.measured import SHARED, SHARED_CRF, in_turns, with_encoder
from benchmarks.render.bench import UPSCALED_PX, Bench
from benchmarks.render.harness import PICTURES_PX, Cost, make_scene
from container_worker.media.request import RenderRequest


def speed(bench: Bench) -> None:
    """Measure all with the same encoder settings, then ours with its own settings."""
    ratios: dict[str, list[float]] = {}
    for megapixels in PICTURES_PX:
        scene = make_scene(bench.folder, megapixels, bench.seconds)
        same = bench.harness.request(scene, threads=2, crf=SHARED_CRF)
        own, av1 = bench.harness.request(scene, threads=2), bench.harness.request(scene, threads=2, codec="av1")
        frames = bench.harness.raw_frames(same)
        out = {name: bench.folder / f"{name}-{megapixels}.mp4" for name in ("ours", "alone", "zoompan", "own", "av1")}
        costs = in_turns(
            bench.rounds,
            {
                "ours, same settings": lambda same=same, out=out: bench.harness.ours(same, out["ours"], SHARED),
                "encoder alone": lambda same=same, f=frames, out=out: _encoder_alone(bench, same, f, out["alone"]),
                "8000 px, zoompan": lambda scene=scene, out=out: bench.harness.zoompan(scene, out["zoompan"], UPSCALED_PX),
                "ours": lambda own=own, out=out: bench.harness.ours(own, out["own"]),
                "ours, AV1": lambda av1=av1, out=out: bench.harness.ours(av1, out["av1"]),
            },
        )
        frames.unlink()
        figure = f"{megapixels} MP, {bench.seconds:g} s"
        ours, alone, zoompan, own_row, av1_row = (
            bench.add_row(figure, name, costs[name], mb=file.stat().st_size / 1e6)
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
    for (name, values), (sign, limit) in zip(ratios.items(), limits, strict=True):
        bench.check(name, statistics.median(values), sign, limit)


def _encoder_alone(bench: Bench, request: RenderRequest, frames: Path, output: Path) -> Cost:
    with with_encoder("h264", *SHARED):
        return bench.harness.encoder_alone(request, frames, output)
