"""Tests of the model of a film's transcoding by a fleet."""

from dataclasses import replace

import pytest

from benchmarks.scale.model import Film, Fleet, Surroundings, simulate
from benchmarks.scale.rates import Rates, Stage

_RATES = Rates(Stage(), Stage(frame_s=0.1), Stage(), Stage(), made_bytes_s=0.0)
_EVEN = Surroundings(spread=0.0, straggler_share=0.0, hand_off_s=0.0)
_FILM = Film(600, 25, 0.0)


def test_a_fleet_with_a_slot_for_each_segment_takes_as_long_as_one_segment() -> None:
    """Of 60 segments of 10 s, each has 250 frames and 70 beside them."""
    run = simulate(_RATES, _EVEN, _FILM, Fleet(60, 1, 2048), 10, seed=1)

    assert run.wall_s == pytest.approx(32)
    assert run.efficiency == pytest.approx(250 / 320)


def test_a_cold_fleet_is_later_by_its_start_and_pays_for_it() -> None:
    """Containers are paid from their launch on."""
    warm, cold = (simulate(_RATES, _EVEN, _FILM, Fleet(60, 1, 2048, is_cold=each), 10, seed=1) for each in (False, True))

    assert cold.wall_s == pytest.approx(warm.wall_s + _EVEN.start_up_s)
    assert cold.usd == pytest.approx(warm.usd * (32 + 45) / 32)


def test_a_spare_lease_bounds_the_time_of_a_straggler() -> None:
    """A segment that would take ten times its usual time is done by another slot after twice that time."""
    slow, fleet = replace(_EVEN, straggler_share=0.01, straggler_factor=10.0), Fleet(60, 1, 2048)
    surroundings = (slow, replace(slow, spare_factor=1000.0))
    slowest = [max(simulate(_RATES, each, _FILM, fleet, 10, seed).wall_s for seed in range(9)) for each in surroundings]

    assert slowest == pytest.approx([3 * 32, 10 * 32])
