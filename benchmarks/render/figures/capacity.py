"""Measures the use of a container's cores and memory: motion or none, slots and threads, memory, busy encoders."""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.render.baselines.measured import RenderHarness, in_turns
from benchmarks.render.bench import Bench
from benchmarks.render.busy import busy_share
from benchmarks.render.harness import Cost, Scene, make_scene

#: Cores that slots share.
CORES = 2


def static(bench: Bench) -> None:
    """Measure scenes without motion."""
    scene = make_scene(bench.folder, 6, bench.seconds)
    still, zoomed = bench.harness.request(scene, threads=1, motion="none"), bench.harness.request(scene, threads=1)
    costs = in_turns(
        bench.rounds,
        {
            "ours, no motion": lambda: bench.harness.ours(still, bench.folder / "still.mp4"),
            "ours, one thread": lambda: bench.harness.ours(zoomed, bench.folder / "zoomed.mp4"),
        },
    )
    rows = [bench.add_row(f"motion or none, 6 MP, {scene.seconds:g} s", name, cost) for name, cost in costs.items()]
    bench.check("no motion: CPU seconds per second of video", rows[0]["cpu_s"] / scene.seconds, "≤", 0.5)


def slots(bench: Bench) -> None:
    """Compare ways to share two cores: the number of simultaneous scenes, and of encoder threads for each.

    `tail` is five scenes; the last one has both cores for itself.
    """
    scene = make_scene(bench.folder, 6, bench.seconds)
    plans = {
        "2 slots of 1 thread": (2, [1] * 4), "1 slot of 2 threads": (1, [2] * 4), "2 slots of 2 threads": (2, [2] * 4),
        "2 slots of 1 thread, tail": (2, [1] * 5), "the same, the last with 2 threads": (2, [1] * 4 + [2]),
        "1 slot of 1 thread": (1, [1] * 2),
    }  # fmt: skip
    taken: dict[str, list[Cost]] = {name: [] for name in plans}
    for _ in range(min(2, bench.rounds)):
        for name, (slots, threads) in plans.items():
            taken[name].append(_in_slots(bench, scene, slots, threads))
    rates = {}
    for name, costs in taken.items():
        whole, scenes = bench.harness.medians(costs), len(plans[name][1])
        rates[name] = 60 * scenes / whole["wall_s"]
        print(f"  {name}: {rates[name]:.2f} scenes a minute", file=sys.stderr, flush=True)
        busy = whole["cpu_s"] / whole["wall_s"] / CORES
        figure = f"slots, 6 MP, {scene.seconds:g} s"
        bench.add_row(figure, name, scenes_per_minute=rates[name], cpu_s=whole["cpu_s"] / scenes, cores_busy=busy)
    gain = rates["2 slots of 1 thread"] / rates["1 slot of 2 threads"]
    bench.check("2 slots / 1 slot of two threads: scenes a minute", gain, "≥", 1.25)


def _in_slots(bench: Bench, scene: Scene, slots: int, threads: list[int]) -> Cost:
    """Render a scene for each thread count, `slots` at a time; return wall seconds of all, and the sum of their CPU seconds."""

    def one(number: int) -> Cost:
        folder = bench.folder / f"slot-{number}"
        folder.mkdir(exist_ok=True)
        harness = RenderHarness(folder, bench.fast)
        return harness.ours(harness.request(scene, threads=threads[number]), folder / "made.mp4")

    began = time.monotonic()
    with ThreadPoolExecutor(slots) as pool:
        costs = list(pool.map(one, range(len(threads))))
    return Cost(time.monotonic() - began, sum(cost.cpu_s for cost in costs), max(cost.peak_mb for cost in costs))


def memory(bench: Bench) -> None:
    """Measure the memory of one slot with a picture of 12 megapixels, and the time to its first frame."""
    scene = make_scene(bench.folder, 12, bench.seconds)
    request = bench.harness.request(scene, threads=1)
    watched = RenderHarness(bench.folder, bench.fast, sample_s=0.05)
    costs = [watched.ours(request, bench.folder / "slot.mp4") for _ in range(bench.rounds)]
    first_s = statistics.median(bench.harness.first_frame_s(request) for _ in range(3))
    row = bench.add_row(f"one slot, 12 MP, {scene.seconds:g} s", "ours", costs, first_frame_s=first_s)
    bench.check("one slot: peak memory, MB", row["peak_mb"], "≤", 350.0)
    bench.check("start to first frame, s", first_s, "≤", 0.6)


def busy(bench: Bench) -> None:
    """Measure the share of time in which a container's encoders run while scenes are queued."""
    scene = make_scene(bench.folder, 6, bench.seconds)
    taken = busy_share(bench.folder, scene, scenes=10, slots=2)
    bench.add_row(f"container with 10 scenes, 6 MP, {scene.seconds:g} s", "ours", **taken)
    bench.check("container: encoders busy, share of the time", taken["busy_share"], "≥", 0.95)
