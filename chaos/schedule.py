"""What comes when in a run, drawn before it begins: a pure function of the seed.

Every use has a stream of draws of its own, so that one that draws more or fewer changes no other.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Faults begin after so long, in seconds, and come so far apart in the mean.
_FIRST_S, _MEAN_S = 3.0, 1.5


@dataclass(frozen=True)
class PlannedFault:
    """A fault to come."""

    number: int
    #: Seconds after the run's beginning.
    at_s: float
    name: str


def draws_for(seed: int, use: str) -> random.Random:
    """The stream of draws of one use."""
    return random.Random(f"{seed}/{use}")


def plan_faults(seed: int, seconds: float, weights: Mapping[str, int]) -> list[PlannedFault]:
    """All faults of a run, in the order of time.

    Each name comes once, in a drawn order, before any comes by its weight: a run long enough has them all.

    Args:
        seed: of the run.
        seconds: how long it lasts.
        weights: names to how often each comes relative to the others.
    """
    draws = draws_for(seed, "schedule")
    names = list(weights)
    first = draws.sample(names, len(names))
    planned: list[PlannedFault] = []
    at_s = _FIRST_S
    while names and at_s < seconds:
        number = len(planned)
        name = first[number] if number < len(first) else draws.choices(names, list(weights.values()))[0]
        planned.append(PlannedFault(number, round(at_s, 3), name))
        at_s += draws.expovariate(1 / _MEAN_S)
    return planned


def plan_deaths(draws: random.Random, chunks: int) -> Sequence[int]:
    """After how many uploaded chunks the tries to submit one job are killed, one after the other; those to come live.

    `chunks + 1` is after the job has become visible, before its producer hears of it. Four tries in ten are killed.
    """
    deaths: list[int] = []
    while draws.random() < 0.4:
        deaths.append(draws.randint(1, chunks + 1))
    return deaths


def has_movable_clock(seed: int) -> bool:
    """Whether Redis's clock may jump in this run: in two seeds of four, so that both kinds of fleets have it and do without.

    The Redis whose clock can be moved is not the machine's own, which the other runs are on.
    """
    return seed % 4 < 2
