"""Compares scaling decisions in a simulated Fargate, with our real planner and reaper.

    python -m benchmarks.autoscale [--json] [--quick] [--seeds N] [--docs FOLDER]

Prints makespan, dollars, idle share and containers for each load and controller, and the clairvoyant bound; exits 1 if a
target is missed. Each target is checked against the worst of the seeds. The figures depend on the seeds alone and are the same
on every machine, except the time of `plan`.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.autoscale import loads, report
from benchmarks.autoscale.control import (
    TICK_S,
    KedaLag,
    Ours,
    StaticSplit,
    TargetTracking,
    average_item_s,
    clairvoyant,
    is_service,
)
from benchmarks.autoscale.loads import Load
from benchmarks.autoscale.outcome import Outcome, outcome_of
from benchmarks.autoscale.report import Rows
from benchmarks.autoscale.world import IDLE_TIMEOUT_S, SIZE, SLOTS, USD_PER_S, World
from benchmarks.targets import Target, exit_code
from dispatcher.decisions.planner import plan
from dispatcher.decisions.planning.backlog import Backlog, Waiting
from dispatcher.decisions.planning.policy import Policy
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.job import Lane

#: Maximum of containers for every controller; acceptable time of a job where more than one arrives.
MAX_CONTAINERS, LATENCY_S = 100, 600.0
#: Start limit of a service's health check; the same as ours.
_HEALTH_CHECK_S = 180.0


def simulate(load: Load, controller: Callable[[World], None], seed: int = 1, known_rate: float = loads.RATE) -> Outcome:
    """Simulate one load under one controller."""
    # Containers of a service have no idle time-out; ours have no health check but our reaper.
    idle_s = math.inf if is_service(controller) else IDLE_TIMEOUT_S
    health_s = math.inf if isinstance(controller, Ours) else _HEALTH_CHECK_S
    world = World(load, controller, TICK_S, idle_s, health_check_s=health_s, seed=seed, known_rate=known_rate)
    world.run()
    outcome = outcome_of(world)
    assert outcome.done == sum(len(job.items) for job in load), "a scene was lost, or made twice"
    return outcome


def batches(most: int, **more: float) -> Policy:
    """Return a policy of batches of ten in at most this many containers."""
    return Policy(max_parallel_tasks=most, max_containers=most, slots=SLOTS, **more)  # type: ignore[arg-type]


def deadline(seconds: float, most: int) -> Policy:
    """Return a policy of the fewest containers that finish in time."""
    return Policy(policy="deadline", deadline_s=seconds, max_parallel_tasks=most, max_containers=most, slots=SLOTS)


def bound(load: Load, containers: int, seed: int = 1) -> tuple[Outcome, Outcome]:
    """Return two bounds of a load that arrives at once: the clairvoyant's outcome, and the cost of the work alone."""
    (job,) = load
    probe = World([], lambda _world: None, TICK_S, seed=seed)
    for _ in range(containers):
        probe.launch()
    starts = [container.starts_s for container in probe.containers]
    seconds, container_s = clairvoyant(job.items, containers, starts)
    work_s = sum(item.work_s for item in job.items) / SLOTS
    most = containers * USD_PER_S * 3600
    count = len(job.items)
    ideal = Outcome(seconds, seconds, seconds, container_s * USD_PER_S, 0.0, 0.0, containers, containers, most, 0, count, 1)
    ideal.start_share = 1 - work_s / container_s
    work = Outcome(0.0, 0.0, 0.0, work_s * USD_PER_S, 0.0, 0.0, 0, 0, 0.0, 0, count, 0)
    return ideal, work


def plan_ms() -> float:
    """Measure the processor time of one plan for a million waiting items of eight needs and 5,000 containers of ten images.

    The best of five; others may be busy.
    """
    names = [f"kind{number}/1" for number in range(8)]
    sets = [names, *(names[first : first + 3] for first in range(6)), names[:4], names[4:], names[7:]]
    records = [
        ContainerRecord(
            container_id=ContainerId(f"c{n}"), state="running", vcpu=SIZE.vcpu, memory_mib=SIZE.memory_mib, slots=2, held=2,
            done=n % 50, batch=200, image=f"image{n % 10}", serves=" ".join(sets[n % 10]),
        )
        for n in range(5000)
    ]  # fmt: skip
    needs = tuple(Waiting(name, dict(zip(Lane, (25_000, 50_000, 50_000), strict=True)), 6e5) for name in names)
    rates = {name: loads.RATE * (number + 1) for number, name in enumerate(names)}
    times = []
    for name in ("batch", "deadline", "budget"):
        policy = Policy(policy=name, max_parallel_tasks=6000, max_containers=6000, budget_usd_per_hour=1000.0)  # type: ignore[arg-type]
        profiles = [policy.profile(f"image{number}", frozenset(each)) for number, each in enumerate(sets)]
        for _ in range(5):
            began = time.process_time()
            plan(Backlog(needs), records, policy, rates, 0, profiles)
            times.append((name, time.process_time() - began))
    return max(min(took for each, took in times if each == name) for name, _ in times) * 1000


def runs(scale: float, seed: int) -> Iterator[tuple[str, str, Outcome]]:
    """Simulate every load under every controller: (load, controller, outcome)."""
    load = loads.burst(int(100_000 * scale), seed)
    item_s = average_item_s(load[0].items)
    ideal, work = bound(load, MAX_CONTAINERS, seed)
    yield "burst", "the work alone", work
    yield "burst", "clairvoyant bound", ideal
    yield "burst", "ours", simulate(load, Ours(batches(MAX_CONTAINERS)), seed)
    yield "burst", "ours, $5 an hour", simulate(load, Ours(batches(MAX_CONTAINERS, budget_usd_per_hour=5.0)), seed)
    yield "burst", "static split", simulate(load, StaticSplit(MAX_CONTAINERS), seed)
    yield "burst", "target tracking", simulate(load, TargetTracking(MAX_CONTAINERS, LATENCY_S, item_s), seed)
    yield "burst", "KEDA-style lag", simulate(load, KedaLag(MAX_CONTAINERS, LATENCY_S, item_s), seed)
    load = loads.heavy(2_000, seed)
    split = simulate(load, StaticSplit(MAX_CONTAINERS), seed)
    yield "heavy tail", "the work alone", bound(load, MAX_CONTAINERS, seed)[1]
    yield "heavy tail", "static split", split
    yield "heavy tail", "ours", simulate(load, Ours(batches(MAX_CONTAINERS)), seed)
    # A deadline for the same makespan: start-up and the longest scene do not shrink with more containers.
    yield "heavy tail", "ours, as fast as the split", simulate(load, Ours(deadline(0.9 * split.makespan_s, MAX_CONTAINERS)), seed)
    days = {
        "four peaks": loads.office_day(scale, seed),
        "trickle": loads.trickle(8 * scale, seed),
        "sawtooth": loads.sawtooth(max(2, int(8 * scale)), seed),
    }
    for name, load in days.items():
        yield name, "ours", simulate(load, Ours(deadline(LATENCY_S, MAX_CONTAINERS)), seed)
        yield name, "target tracking", simulate(load, TargetTracking(MAX_CONTAINERS, LATENCY_S, item_s), seed)
        yield name, "KEDA-style lag", simulate(load, KedaLag(MAX_CONTAINERS, LATENCY_S, item_s), seed)


def targets(rows: Rows) -> list[Target]:
    """Return the targets with the figures of one seed."""
    ours, ideal, work = rows["burst", "ours"], rows["burst", "clairvoyant bound"], rows["burst", "the work alone"]
    split, equal = rows["heavy tail", "static split"], rows["heavy tail", "ours, as fast as the split"]
    late = max(rows[load, "ours"].job_worst_s for load in ("four peaks", "trickle", "sawtooth"))
    return [
        Target("burst: cost / clairvoyant", ours.usd / ideal.usd, "≤", 1.10),
        Target("burst: cost / the work alone", ours.usd / work.usd, "≤", 1.10),
        Target("burst: makespan / clairvoyant", ours.makespan_s / ideal.makespan_s, "≤", 1.15),
        Target("heavy tail: cost / static split", equal.usd / split.usd, "≤", 0.70),
        Target("heavy tail: makespan / static split", equal.makespan_s / split.makespan_s, "≤", 1.0),
        Target("budget: most $ an hour", rows["burst", "ours, $5 an hour"].most_usd_per_hour, "≤", 5.0),
        Target("four peaks: idle share", rows["four peaks", "ours"].idle_share, "≤", 0.05),
        Target("days: slowest job / deadline", late / LATENCY_S, "≤", 1.0),
        Target("trickle: times at zero", rows["trickle", "ours"].times_at_zero, "≥", 2),
        Target("sawtooth: times at zero", rows["sawtooth", "ours"].times_at_zero, "≥", 2),
        Target("left running at the end", sum(row.left_running for (_, who), row in rows.items() if "ours" in who), "≤", 0),
    ]


def main() -> int:
    """Simulate everything, print it, and check the targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--quick", action="store_true", help="loads of a tenth the size")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds; tables show the first")
    parser.add_argument("--docs", type=Path, help="folder to write autoscaling.md and .svg to")
    arguments = parser.parse_args()
    by_seed: list[Rows] = []
    for seed in range(1, arguments.seeds + 1):
        by_seed.append({})
        for load, who, outcome in runs(0.1 if arguments.quick else 1.0, seed):
            print(f"seed {seed}, {load}: {who} …", file=sys.stderr, flush=True)
            by_seed[-1][load, who] = outcome
    judged = [max(each, key=Target.badness) for each in zip(*map(targets, by_seed), strict=True)]
    judged.append(Target("plan, 1,000,000 items, 8 needs, 5,000 containers: ms", plan_ms(), "≤", 10.0))
    rows = by_seed[0]
    if arguments.json:
        table = [{"load": load, "controller": who, **asdict(outcome)} for (load, who), outcome in rows.items()]
        print(json.dumps({"rows": table, "bars": [target.to_json() for target in judged]}))
    else:
        report.print_table(rows, judged)
    if arguments.docs:
        report.write_docs(arguments.docs, rows, judged, arguments.seeds)
    return exit_code(judged)
