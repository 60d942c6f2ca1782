"""The simulated Fargate keeps every item, and the real planner meets its targets in it."""

import json
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.autoscale import world
from benchmarks.autoscale.control import Ours, StaticSplit, TargetTracking, clairvoyant
from benchmarks.autoscale.loads import job
from benchmarks.autoscale.simulation import batches, deadline, simulate


def test_a_tenth_of_the_load_meets_every_target() -> None:
    """Seeded, so the figures are the same everywhere; the time of `plan` is not checked here."""
    argv = [sys.executable, "-m", "benchmarks.autoscale", "--quick", "--json", "--seeds", "2"]
    said = json.loads(subprocess.run(argv, capture_output=True, check=False, timeout=120).stdout)
    targets = [each for each in said["bars"] if not each["what"].startswith("plan")]
    assert len(targets) == 11
    # With a tenth of the work, the same hundred starts are a larger share of the cost.
    assert [each["what"] for each in targets if not each["held"] and "work alone" not in each["what"]] == []


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.floats(0.1, 900), min_size=1, max_size=120),
    jobs=st.integers(1, 4),
    which=st.sampled_from(["batch", "deadline", "split", "tracking"]),
    seed=st.integers(0, 1000),
)
def test_nothing_is_lost_made_twice_or_left_running(lengths: list[float], jobs: int, which: str, seed: int) -> None:
    """Even when starts fail and containers are reclaimed; and no outcome beats the clairvoyant bound."""
    patched = pytest.MonkeyPatch()
    patched.setattr(world, "FAILS_ONE_IN", 4)
    patched.setattr(world, "SPOT_MEAN_S", 200.0)
    try:
        draws = random.Random(seed)
        load = [job(at * 400.0, lengths, draws, number=at) for at in range(1 if which == "split" else jobs)]
        controller = {
            "batch": Ours(batches(7)), "deadline": Ours(deadline(300.0, 7)),
            "split": StaticSplit(7), "tracking": TargetTracking(7, 600.0, 10.0),
        }[which]  # fmt: skip
        outcome = simulate(load, controller, seed)
    finally:
        patched.undo()
    assert outcome.left_running == 0
    # A service runs draining containers beside their replacements.
    assert outcome.most_at_once <= 7 or which == "tracking"
    items = [item for each in load for item in each.items]
    # The bound for as many containers that never fail and start as fast as possible.
    seconds, _ = clairvoyant(items, outcome.most_at_once, [world.START_BOUNDS_S[0]] * outcome.most_at_once)
    assert outcome.makespan_s >= seconds * 0.999
