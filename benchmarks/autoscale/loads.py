"""The loads of the autoscaling benchmark: arrival times of jobs, and lengths of their scenes."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Processing seconds per second of video on one slot (`make bench-render`: 0.35 to 0.7 at 1080p).
RATE = 0.6
_HOUR_S = 3600.0


@dataclass(order=True)
class Item:
    """One scene.

    `order` sorts by the arrival of its job, then by weight, heaviest first, then by its place; `weight` is what the planner
    knows, in seconds of video; `work_s` is the real time on one slot.
    """

    order: tuple[float, float, int]
    work_s: float = field(compare=False)
    weight: float = field(compare=False)
    job: int = field(compare=False, default=0)


@dataclass(frozen=True)
class Job:
    """Scenes that arrive together."""

    at_s: float
    items: tuple[Item, ...]


Load = Sequence[Job]


def job(at_s: float, lengths_s: Sequence[float], draws: random.Random, spread: float = 0.15, number: int = 0) -> Job:
    """Make scenes of these lengths; the work of each varies around RATE."""
    items = (
        Item((at_s, -length, place), length * RATE * draws.lognormvariate(0, spread), length, number)
        for place, length in enumerate(lengths_s)
    )
    return Job(at_s, tuple(items))


def narrations(count: int, draws: random.Random) -> list[float]:
    """Draw the lengths of usual scenes: half are below 8 s, few above 25."""
    return [draws.lognormvariate(math.log(8), 0.6) for _ in range(count)]


def heavy_tailed(count: int, draws: random.Random) -> list[float]:
    """Draw lengths of which a few are a hundred times as long as most (Pareto, exponent 1.3)."""
    return [min(600.0, 3.0 * draws.paretovariate(1.3)) for _ in range(count)]


def burst(count: int, seed: int) -> Load:
    """Make one job that arrives at once."""
    draws = random.Random(f"burst/{seed}")
    return [job(0.0, narrations(count, draws), draws)]


def heavy(count: int, seed: int) -> Load:
    """Make one job with heavy-tailed lengths."""
    draws = random.Random(f"heavy/{seed}")
    return [job(0.0, heavy_tailed(count, draws), draws)]


def office_day(scale: float, seed: int) -> Load:
    """Make a day with four peaks of 45 minutes, at 9, 11, 14 and 16 o'clock, and little in between."""
    draws = random.Random(f"day/{seed}")
    moments = [(start + draws.random() * 0.75) * _HOUR_S for start in (9, 11, 14, 16) for _ in range(int(40 * scale))]
    moments += [draws.uniform(8, 18) * _HOUR_S for _ in range(int(10 * scale))]
    return [job(at, narrations(draws.randint(50, 400), draws), draws, number=n) for n, at in enumerate(sorted(moments))]


def trickle(hours: float, seed: int) -> Load:
    """Make jobs of five scenes, every quarter of an hour on average."""
    draws = random.Random(f"trickle/{seed}")
    moments, at_s = [], 0.0
    while at_s < hours * _HOUR_S:
        moments.append(at_s)
        at_s += draws.expovariate(1 / 900.0)
    return [job(at, narrations(5, draws), draws, number=n) for n, at in enumerate(moments)]


def sawtooth(teeth: int, seed: int) -> Load:
    """Make jobs of three thousand scenes, every half hour."""
    draws = random.Random(f"sawtooth/{seed}")
    return [job(1800.0 * tooth, narrations(3000, draws), draws, number=tooth) for tooth in range(teeth)]
