"""Compares time and likeness with MoviePy, and with the chain of four encodes that Sceneburst replaces."""

from dataclasses import replace

from benchmarks.render.baselines.measured import SHARED, SHARED_CRF, in_turns
from benchmarks.render.bench import Bench
from benchmarks.render.harness import PICTURES_PX, draw_picture, make_scene
from benchmarks.render.quality import Ideal, chain_path, likeness, our_path

#: Exponent by which detail falls with its fineness in the picture for likeness. It makes the picture as hard for the replaced
#: chain as the one that its limits were set with: 32.9 dB and 0.9665 (PSNR depends on the hard edges, SSIM on this).
LIKENESS_FALLOFF = 1.55


def baselines(bench: Bench) -> None:
    """Measure MoviePy and the replaced chain only once, because they are much slower."""
    scene = make_scene(bench.folder, 2, bench.seconds)
    same, own = bench.harness.request(scene, threads=2, crf=SHARED_CRF), bench.harness.request(scene, threads=1)
    costs = in_turns(
        1,
        {
            "moviepy 2": lambda: bench.harness.moviepy(scene, bench.folder / "moviepy.mp4"),
            "ours, same settings": lambda: bench.harness.ours(same, bench.folder / "ours.mp4", SHARED),
            "replaced chain": lambda: bench.harness.replaced_chain(scene, bench.folder / "chain.mp4"),
            "ours, one thread": lambda: bench.harness.ours(own, bench.folder / "own.mp4"),
        },
    )
    figure = f"baselines, 2 MP, {scene.seconds:g} s"
    moviepy, ours, chain, one = (bench.add_row(figure, name, cost) for name, cost in costs.items())
    bench.check("moviepy 2 / ours, same settings: wall", moviepy["wall_s"] / ours["wall_s"], "≥", 6.0)
    bench.check("replaced chain / ours: CPU seconds", chain["cpu_s"] / one["cpu_s"], "≥", 10.0)
    plain = replace(make_scene(bench.folder, 2, 5.0), picture=bench.folder / "likeness.jpg")
    draw_picture(plain.picture, PICTURES_PX[2], seed=1, falloff=LIKENESS_FALLOFF)
    video, chained = bench.folder / "plain.mp4", bench.folder / "plain-chain.mp4"
    bench.harness.ours(bench.harness.request(plain, threads=2, plain=True), video)
    bench.harness.replaced_chain(plain, chained, plain=True)
    looked_at = range(0, plain.frames, 10)
    mine = likeness(video, Ideal(plain.picture, our_path, plain.frames), looked_at)
    theirs = likeness(chained, Ideal(plain.picture, chain_path, plain.frames), looked_at)
    # The limits below were set for a picture that is as hard for the chain as this one must be.
    bench.check("replaced chain: PSNR against the ideal, dB", theirs.psnr_db, "≤", 32.9)
    bench.check("replaced chain: SSIM against the ideal", theirs.ssim, "≤", 0.9665)
    bench.add_row("likeness, 2 MP, 5 s", "replaced chain", psnr_db=theirs.psnr_db, ssim=theirs.ssim)
    bench.add_row("likeness, 2 MP, 5 s", "ours", psnr_db=mine.psnr_db, ssim=mine.ssim)
    bench.check("ours: PSNR against the ideal, dB", mine.psnr_db, "≥", 38.0)
    bench.check("ours: SSIM against the ideal", mine.ssim, "≥", 0.977)
