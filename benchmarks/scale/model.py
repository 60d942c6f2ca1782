"""Models the transcoding of one film by a fleet: when it is done, what it costs, and the share of its cores that works."""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.scale.rates import Rates
from container_worker.media.transcode.planning.dividing import RUN_UP_FRAMES, TAIL_FRAMES
from dispatcher.decisions.pricing import prices, usd_per_hour

_HOUR_S = 3600


@dataclass(frozen=True)
class Film:
    """A source."""

    seconds: int
    fps: int
    #: Bytes a second.
    bytes_s: float


@dataclass(frozen=True)
class Fleet:
    """Containers of one size, with a slot for each core."""

    containers: int
    vcpu: int
    memory_mib: int
    is_cold: bool = False
    is_spot: bool = False

    @property
    def usd_s(self) -> float:
        """Price of one container for a second."""
        return usd_per_hour(self.vcpu, self.memory_mib, is_spot=self.is_spot) / _HOUR_S


@dataclass(frozen=True)
class Surroundings:
    """Assumptions that were not measured here."""

    #: From the launch until a container takes its first item.
    start_up_s: float = 45.0
    #: Launches that are granted at once, and in each second after that (AWS: "Fargate task launch rate").
    launch_burst: int = 100
    launches_s: float = 20.0
    #: Bytes a second between a container and the storage, in one direction, shared by its slots.
    network_bytes_s: float = 250e6
    #: From the end of a stage until a container has leased an item of the next.
    hand_off_s: float = 0.1
    #: Spread of the time of equal items (standard deviation of its logarithm), share of stragglers, and their slowness.
    spread: float = 0.08
    straggler_share: float = 0.01
    straggler_factor: float = 3.0
    #: A spare lease is given when this share of the stage is left, and an item has taken this multiple of its usual time.
    spare_share: float = 0.05
    spare_factor: float = 2.0


@dataclass(frozen=True)
class Run:
    """The outcome for one film."""

    wall_s: float
    usd: float
    #: Speed-up over one core that encodes the whole film, by the number of cores.
    efficiency: float


def segment_work_s(rates: Rates, around: Surroundings, film: Film, fleet: Fleet, segment_s: float) -> float:
    """Return the usual time of a segment's item: encoding with run-up and look-ahead, and its bytes."""
    frames = round(segment_s * film.fps) + RUN_UP_FRAMES + TAIL_FRAMES
    share_bytes_s = around.network_bytes_s / fleet.vcpu
    return rates.encode.of(frames) + segment_s * (film.bytes_s + rates.made_bytes_s) / share_bytes_s


def simulate(rates: Rates, around: Surroundings, film: Film, fleet: Fleet, segment_s: float, seed: int) -> Run:
    """Carry out the stages one after another, each item on the first free slot, the longest first."""
    draws = random.Random(f"{seed}/{fleet.containers}/{segment_s}")
    frames = film.seconds * film.fps
    ready = _start_times(around, fleet)
    # The probe reads the table of frames, and no more.
    probed = min(ready) + rates.probe.of(frames) + around.hand_off_s
    usual_s = segment_work_s(rates, around, film, fleet, segment_s)
    segments = max(1, round(film.seconds / segment_s))
    ends = _encode(around, usual_s, segments, fleet, ready, probed, draws)
    made_s = film.seconds * rates.made_bytes_s / around.network_bytes_s
    # Join and verify each fetch all that was made, and upload it.
    joined = max(ends) + around.hand_off_s + rates.join.of(frames, segments - 1) + 2 * made_s
    done = joined + around.hand_off_s + rates.verify.of(frames, segments - 1) + 2 * made_s
    alone_s = rates.encode.frame_s * frames
    return Run(done, _usd(fleet, ends, done), alone_s / (done * fleet.containers * fleet.vcpu))


def usual(rates: Rates, around: Surroundings, film: Film, fleet: Fleet, segment_s: float, seeds: Sequence[int]) -> Run:
    """Return the median of several runs."""
    runs = [simulate(rates, around, film, fleet, segment_s, seed) for seed in seeds]
    return Run(*(median(values) for values in zip(*((run.wall_s, run.usd, run.efficiency) for run in runs), strict=True)))


def _start_times(around: Surroundings, fleet: Fleet) -> list[float]:
    """Return the time at which each container takes its first item; 0 for those that are there."""
    if not fleet.is_cold:
        return [0.0] * fleet.containers
    waits = (max(0, number - around.launch_burst) / around.launches_s for number in range(fleet.containers))
    return [wait + around.start_up_s for wait in waits]


def _encode(
    around: Surroundings, usual_s: float, count: int, fleet: Fleet, ready: Sequence[float], begin: float, draws: random.Random
) -> list[float]:
    """Return the time at which each container has done its last segment, or has found none."""
    slots = [(max(start, begin), number) for number, start in enumerate(ready) for _ in range(fleet.vcpu)]
    heapq.heapify(slots)
    ends = [max(start, begin) for start in ready]
    running: list[tuple[float, float, int]] = []
    for _ in range(count):
        free, container = heapq.heappop(slots)
        factor = around.straggler_factor if draws.random() < around.straggler_share else 1.0
        end = free + usual_s * factor * draws.lognormvariate(0, around.spread)
        running.append((end, free, container))
        heapq.heappush(slots, (end, container))
    running.sort()
    # Those that are still at work when the last share of the stage is left may get a spare lease, on a slot that is free then.
    left = max(1, int(count * around.spare_share))
    late_s = running[max(0, count - left)][0]
    for place, (end, start, container) in enumerate(running):
        spare_end = max(start + around.spare_factor * usual_s, late_s) + usual_s * draws.lognormvariate(0, around.spread)
        ends[container] = max(ends[container], min(end, spare_end) if place >= count - left else end)
    return ends


def _usd(fleet: Fleet, ends: Sequence[float], done: float) -> float:
    """Return the price: of each container from its launch, or from the job's beginning, to its last item.

    One of them stays for join and verify. A warm container works for others before and after.
    """
    last = max(range(len(ends)), key=ends.__getitem__)
    least_s = prices().minimum_s if fleet.is_cold else 0
    return fleet.usd_s * sum(max(least_s, done if number == last else end) for number, end in enumerate(ends))
