"""Scaling decisions beside the usual ones, in a simulated Fargate, with our real planner and reaper.

    python -m benchmarks.autoscale [--json] [--quick]

Prints makespan, dollars, idle share and containers for each load and controller, and the clairvoyant bound; exits 1 when a
bar is missed. Everything is drawn from fixed seeds: the figures are the same on every machine, but for the time of `plan`.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from benchmarks.autoscale_control import (
    TICK_S,
    KedaLag,
    Ours,
    StaticSplit,
    TargetTracking,
    clairvoyant,
    without_own_leaving,
)
from benchmarks.autoscale_world import SIZE, SLOTS, USD_PER_S, Item, Outcome, World
from dispatcher.planner import Backlog, Policy, plan
from scenequeue.items import ContainerId, ContainerRecord

#: Processing seconds per second of video (docs/rendering.md).
RATE = 0.6
Load = Sequence[tuple[float, Sequence[Item]]]
_HOUR_S = 3600.0
_NEVER_S = 1e9


def job(at_s: float, lengths_s: Sequence[float], draws: random.Random, spread: float = 0.15) -> tuple[float, list[Item]]:
    """Scenes of these lengths; the work in each is about the rate's."""
    items = [
        Item((at_s, -length, number), length * RATE * draws.lognormvariate(0, spread), length)
        for number, length in enumerate(lengths_s)
    ]
    return at_s, items


def narrations(count: int, draws: random.Random) -> list[float]:
    """Lengths of usual scenes: half are below 8 s, few above 25."""
    return [draws.lognormvariate(math.log(8), 0.6) for _ in range(count)]


def heavy_tailed(count: int, draws: random.Random) -> list[float]:
    """A few scenes are a hundred times as long as most (Pareto, exponent 1.3)."""
    return [min(600.0, 3.0 * draws.paretovariate(1.3)) for _ in range(count)]


def burst(count: int) -> Load:
    """All at once."""
    draws = random.Random(1)
    return [job(0.0, narrations(count, draws), draws)]


def heavy(count: int) -> Load:
    """All at once, with a heavy tail."""
    draws = random.Random(2)
    return [job(0.0, heavy_tailed(count, draws), draws)]


def office_day(scale: float) -> Load:
    """Four peaks of 45 minutes, at 9, 11, 14 and 16 o'clock, and little between."""
    draws = random.Random(3)
    moments = [(start + draws.random() * 0.75) * _HOUR_S for start in (9, 11, 14, 16) for _ in range(int(40 * scale))]
    moments += [draws.uniform(8, 18) * _HOUR_S for _ in range(int(10 * scale))]
    return [job(at, narrations(draws.randint(50, 400), draws), draws) for at in sorted(moments)]


def trickle(hours: float) -> Load:
    """Five scenes every quarter of an hour or so."""
    draws = random.Random(4)
    moments, at_s = [], 0.0
    while at_s < hours * _HOUR_S:
        moments.append(at_s)
        at_s += draws.expovariate(1 / 900.0)
    return [job(at, narrations(5, draws), draws) for at in moments]


def sawtooth(teeth: int) -> Load:
    """Three thousand scenes every half hour."""
    draws = random.Random(5)
    return [job(1800.0 * tooth, narrations(3000, draws), draws) for tooth in range(teeth)]


def simulate(load: Load, controller: Callable[[World], None]) -> Outcome:
    """One load under one controller."""
    # A service's containers stay until they are told to go.
    world = World(load, controller, TICK_S, _NEVER_S if without_own_leaving(controller) else 20.0)
    outcome = world.run()
    assert outcome.done == sum(len(items) for _, items in load), "a scene was lost, or made twice"
    return outcome


def batches(most: int, **more: float) -> Policy:
    """Batches of ten in at most so many containers."""
    return Policy(max_parallel_tasks=most, max_containers=most, slots=SLOTS, **more)  # type: ignore[arg-type]


def deadline(seconds: float, most: int) -> Policy:
    """The fewest containers that finish within so many seconds."""
    return Policy(policy="deadline", deadline_s=seconds, max_parallel_tasks=most, max_containers=most, slots=SLOTS)


def bound(load: Load, containers: int) -> Outcome:
    """The clairvoyant's, for a load that comes at once."""
    ((_, items),) = load
    probe = World([], lambda _world: None, TICK_S)
    for _ in range(containers):
        probe.launch()
    starts = [container.starts_s for container in probe.containers]
    seconds, container_s = clairvoyant(items, containers, starts)
    usd = container_s * USD_PER_S
    return Outcome(seconds, usd, 0.0, containers, containers, containers * USD_PER_S * 3600, 0, len(items), 1)


def plan_ms() -> float:
    """How long one plan takes for a million waiting items and 5,000 containers; the best of five."""
    records = [
        ContainerRecord(
            container_id=ContainerId(f"c{n}"), state="running", vcpu=SIZE.vcpu, memory_mib=SIZE.memory_mib, slots=2, held=2,
            done=n % 50, batch=200,
        )
        for n in range(5000)
    ]  # fmt: skip
    policy = Policy(max_parallel_tasks=6000, max_containers=6000, budget_usd_per_hour=1000.0)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        plan(Backlog(1_000_000, 5e6), records, policy, {"render": RATE}, 0)
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def runs(scale: float) -> Iterator[tuple[str, str, Outcome]]:
    """Every load under every controller: (load, controller, outcome)."""
    most, count = 100, int(100_000 * scale)
    load = burst(count)
    yield "burst", "clairvoyant bound", bound(load, most)
    yield "burst", "ours", simulate(load, Ours(batches(most), RATE))
    yield "burst", "ours, $5 an hour", simulate(load, Ours(batches(most, budget_usd_per_hour=5.0), RATE))
    yield "burst", "static split", simulate(load, StaticSplit(most))
    yield "burst", "target tracking", simulate(load, TargetTracking(most, 100))
    yield "burst", "KEDA-style lag", simulate(load, KedaLag(most, 100))
    load = heavy(2_000)
    split = simulate(load, StaticSplit(most))
    yield "heavy tail", "static split", split
    yield "heavy tail", "ours", simulate(load, Ours(batches(most), RATE))
    # The same makespan, not a better one: start-up and the longest scene are not spread over more containers.
    yield "heavy tail", "ours, as fast as the split", simulate(load, Ours(deadline(0.9 * split.makespan_s, most), RATE))
    days = {"four peaks": office_day(scale), "trickle": trickle(8 * scale), "sawtooth": sawtooth(max(2, int(8 * scale)))}
    for name, load in days.items():
        yield name, "ours", simulate(load, Ours(deadline(600.0, most), RATE))
        yield name, "target tracking", simulate(load, TargetTracking(most, 100))
        yield name, "KEDA-style lag", simulate(load, KedaLag(most, 100))


def bars(rows: dict[tuple[str, str], Outcome], plan_took_ms: float) -> list[tuple[str, float, str, float]]:
    """(what, value, "≤" or "≥", bar)."""
    ours, ideal = rows["burst", "ours"], rows["burst", "clairvoyant bound"]
    split, equal = rows["heavy tail", "static split"], rows["heavy tail", "ours, as fast as the split"]
    return [
        ("burst: cost / clairvoyant", ours.usd / ideal.usd, "≤", 1.10),
        ("burst: makespan / clairvoyant", ours.makespan_s / ideal.makespan_s, "≤", 1.15),
        ("heavy tail: cost / static split", equal.usd / split.usd, "≤", 0.70),
        ("heavy tail: makespan / static split", equal.makespan_s / split.makespan_s, "≤", 1.0),
        ("budget: most $ an hour", rows["burst", "ours, $5 an hour"].most_usd_per_hour, "≤", 5.0),
        ("four peaks: idle share", rows["four peaks", "ours"].idle_share, "≤", 0.05),
        ("trickle: times at zero", rows["trickle", "ours"].times_at_zero, "≥", 2),
        ("sawtooth: times at zero", rows["sawtooth", "ours"].times_at_zero, "≥", 2),
        ("left running at the end", sum(row.left_running for (_, who), row in rows.items() if "ours" in who), "≤", 0),
        ("plan, 1,000,000 items, 5,000 containers: ms", plan_took_ms, "≤", 20.0),
    ]


def main() -> int:
    """Run everything, print it, judge it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--quick", action="store_true", help="loads of a tenth the size")
    arguments = parser.parse_args()
    rows: dict[tuple[str, str], Outcome] = {}
    for load, who, outcome in runs(0.1 if arguments.quick else 1.0):
        print(f"{load}: {who} …", file=sys.stderr, flush=True)
        rows[load, who] = outcome
    judged = bars(rows, plan_ms())
    missed = [bar for bar in judged if not (bar[1] <= bar[3] if bar[2] == "≤" else bar[1] >= bar[3])]
    if arguments.json:
        table = [{"load": load, "controller": who, **asdict(outcome)} for (load, who), outcome in rows.items()]
        names = ("what", "value", "is", "bar")
        print(json.dumps({"rows": table, "bars": [dict(zip(names, bar, strict=True)) for bar in judged]}))
    else:
        print(f"{'load':11} {'controller':27} {'makespan':>10} {'dollars':>9} {'idle':>6} {'containers':>10} {'at once':>8}")
        for (load, who), row in rows.items():
            shares = f"{row.usd:9.3f} {row.idle_share:6.1%} {row.containers:10} {row.most_at_once:8}"
            print(f"{load:11} {who:27} {row.makespan_s:8.0f} s {shares}")
        print()
        for what, value, sign, bar in judged:
            print(f"{'missed' if (what, value, sign, bar) in missed else 'held':7} {what:45} {value:8.3f} {sign} {bar:g}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
