"""Computes a controller's figures in the simulated Fargate."""

import math
from dataclasses import dataclass, field

from benchmarks.autoscale.world import SLOTS, USD_PER_S, World


@dataclass
class Outcome:
    """Figures of one load under one controller. Field names are the keys of the JSON output."""

    makespan_s: float
    #: Seconds from a job's arrival to its last scene: 90th percentile and slowest.
    job_p90_s: float
    job_worst_s: float
    usd: float
    #: Share of the paid slot-seconds after the start in which no work was done.
    idle_share: float
    #: Share of the paid seconds before the container had started.
    start_share: float
    containers: int
    most_at_once: int
    most_usd_per_hour: float
    left_running: int
    done: int
    #: Number of times that no container was running.
    times_at_zero: int
    #: (time, number of containers) at every change.
    counts: list[tuple[float, int]] = field(default_factory=list, repr=False)


def outcome_of(world: World, slots: int = SLOTS, usd_per_s: float = USD_PER_S) -> Outcome:
    """Compute the figures of a simulation that has ended."""
    containers = world.containers
    paid_s = sum(each.paid_s for each in containers)
    worked = [each for each in containers if not each.fails]
    after_start_s = sum(max(0.0, each.ended_s - each.starts_s) for each in worked)
    # A minute is billed even if the container exited earlier.
    unused_s = sum(max(0.0, each.paid_s - math.ceil(each.ended_s - each.launched_s)) for each in worked)
    busy_s = sum(each.busy_slot_s for each in containers) / slots
    starting_s = sum(min(each.paid_s, each.starts_s - each.launched_s) for each in containers if each.paid_s)
    took_s = sorted(done_s - world.load[number].at_s for number, done_s in world.job_done_s.items())
    most = max(count for _, count in world.counts)
    return Outcome(
        makespan_s=max(world.job_done_s.values(), default=0.0),
        job_p90_s=took_s[max(0, math.ceil(0.9 * len(took_s)) - 1)] if took_s else 0.0,
        job_worst_s=took_s[-1] if took_s else 0.0,
        usd=paid_s * usd_per_s,
        idle_share=1 - busy_s / (after_start_s + unused_s) if after_start_s else 0.0,
        start_share=starting_s / paid_s if paid_s else 0.0,
        containers=len(containers),
        most_at_once=most,
        most_usd_per_hour=most * usd_per_s * 3600,
        left_running=len(world.alive),
        done=sum(each.done for each in containers),
        times_at_zero=sum(count == 0 for _, count in world.counts[1:]),
        counts=world.counts,
    )
