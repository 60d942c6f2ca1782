"""How many containers to launch now, and why: a pure function of what is seen."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dispatcher.distribution import distribute
from dispatcher.fleets.base import SIZES, ContainerSize
from dispatcher.pricing import hourly_usd, usd_per_hour
from scenequeue.items import ContainerRecord

#: Seconds from a launch to its first lease; Fargate's image pull and start (AWS: 30 to 60 s).
START_UP_S = 45.0
#: Processing seconds per second of video on one slot, until a rate has been measured (research: about 0.7 at 1080p).
UNMEASURED_RATE = 1.0
_ALIVE = frozenset({"intended", "launched", "running"})


@dataclass(frozen=True)
class Backlog:
    """What waits: ready items, their weight in seconds of video, and retries that will be ready soon."""

    ready: int
    ready_weight: float = 0.0
    delayed: int = 0
    is_paused: bool = False


@dataclass(frozen=True)
class Policy:
    """How the operator wants it; names and units as in DispatcherSettings."""

    policy: Literal["batch", "deadline", "budget"] = "batch"
    scenes_per_batch: int = 10
    min_scenes_per_batch: int = 5
    max_parallel_tasks: int = 10
    max_containers: int = 100
    min_containers: int = 0
    launches_per_tick: int = 40
    deadline_s: float = 600.0
    budget_usd_per_hour: float | None = None
    config_priority: int = 1
    slots: int = 0
    hello_timeout_s: float = 180.0
    is_spot: bool = False
    region: str = ""
    architecture: str = "x86_64"

    @property
    def size(self) -> ContainerSize:
        return SIZES[self.config_priority]

    @property
    def slots_each(self) -> int:
        return self.slots or max(1, int(self.size.vcpu))


@dataclass(frozen=True)
class Plan:
    """What to do now. `launches` are the batch sizes of the containers to start; `why` says it in a sentence."""

    launches: tuple[int, ...]
    why: str
    ready: int
    uncovered: int
    starting: int
    running: int
    usd_per_hour: float


def plan(
    backlog: Backlog, containers: Sequence[ContainerRecord], policy: Policy, rates: Mapping[str, float], now_ms: int
) -> Plan:
    """Decide what to launch.

    Args:
        backlog: what waits.
        containers: the ledger; draining, gone and failed ones are no capacity.
        policy: bounds and wishes.
        rates: kind -> measured processing seconds per second of video on one slot.
        now_ms: Redis's clock.

    Returns:
        The plan; total for any input, and never beyond max_containers, launches_per_tick or the hourly budget.

    What already runs or starts is counted first: its unused budget is taken off the backlog, so that a slow start
    never launches twice.
    """
    alive = [record for record in containers if is_capacity(record, policy.hello_timeout_s, now_ms)]
    starting = [record for record in alive if record.state != "running"]
    covered = sum(takes_soon(record) for record in alive)
    uncovered = max(0, backlog.ready - covered)
    wanted, reason = _wanted(backlog, uncovered, alive, policy, rates)
    launches, cut = _bounded(wanted, alive, policy)
    why = _sentence(backlog, uncovered, alive, starting, launches, reason, cut)
    return Plan(tuple(launches), why, backlog.ready, uncovered, len(starting), len(alive) - len(starting), hourly_usd(alive))


def is_capacity(record: ContainerRecord, hello_timeout_s: float, now_ms: int) -> bool:
    """Whether a container works, or may still come to: a launch that has not said hello in time has failed."""
    if record.state not in _ALIVE or record.is_draining:
        return False
    return record.state == "running" or now_ms - record.intended_ms <= hello_timeout_s * 1000


def takes_soon(record: ContainerRecord) -> int:
    """How many ready items a container will take: what is left of its budget, or its free slots if those are more."""
    left = record.batch - record.done - record.failed - record.held
    free_slots = record.slots - record.held if record.state == "running" else 0
    return max(0, left, free_slots)


def _wanted(
    backlog: Backlog, uncovered: int, alive: Sequence[ContainerRecord], policy: Policy, rates: Mapping[str, float]
) -> tuple[list[int], str]:
    if backlog.is_paused:
        return [], "the queue is paused"
    if policy.policy == "deadline":
        wanted, reason = _for_deadline(backlog, uncovered, alive, policy, rates)
    else:
        room = max(1, policy.max_parallel_tasks - len(alive))
        wanted = distribute(uncovered, policy.scenes_per_batch, room, policy.min_scenes_per_batch)
        if alive and len(alive) >= policy.max_parallel_tasks:
            wanted = []
        sizes = f"batches of about {policy.scenes_per_batch}, at least {policy.min_scenes_per_batch}"
        reason = f"{sizes}, in at most {policy.max_parallel_tasks}"
    missing = policy.min_containers - len(alive) - len(wanted)
    return wanted + [0] * max(0, missing), reason


def _for_deadline(
    backlog: Backlog, uncovered: int, alive: Sequence[ContainerRecord], policy: Policy, rates: Mapping[str, float]
) -> tuple[list[int], str]:
    """The fewest containers that finish in time; start-up counts, and so does the work of those that run."""
    rate = max(rates.values(), default=UNMEASURED_RATE)
    weight = backlog.ready_weight or float(backlog.ready)
    work_s = weight * rate
    usable_s = max(1.0, policy.deadline_s - START_UP_S)
    slots_needed = math.ceil(work_s / usable_s)
    # More slots than items would wait for nothing.
    needed = min(math.ceil(slots_needed / policy.slots_each), backlog.ready)
    more = max(0, needed - len(alive))
    reason = f"{work_s:.0f} s of work in {policy.deadline_s:.0f} s needs {needed} of {policy.slots_each} slots each"
    if not more or not backlog.ready:
        return [], reason
    share, extra = divmod(max(uncovered, more), more)
    return [share + 1] * extra + [share] * (more - extra), reason


def _bounded(wanted: list[int], alive: Sequence[ContainerRecord], policy: Policy) -> tuple[list[int], str]:
    """Cut to what the bounds allow; the first that cuts is named."""
    bounds = [
        (policy.max_containers - len(alive), f"at most {policy.max_containers} containers"),
        (policy.launches_per_tick, f"{policy.launches_per_tick} launches a tick"),
    ]
    if policy.budget_usd_per_hour is not None:
        each = usd_per_hour(policy.size.vcpu, policy.size.memory_mib, policy.region, policy.architecture, is_spot=policy.is_spot)
        left = policy.budget_usd_per_hour - hourly_usd(alive)
        # A hair above, so that a budget of exactly n containers allows n.
        bounds.append((math.floor(left / each + 1e-9), f"a budget of ${policy.budget_usd_per_hour:.2f} an hour"))
    cut = ""
    for most, name in bounds:
        if len(wanted) > max(0, most):
            wanted, cut = wanted[: max(0, most)], name
    return wanted, cut


def _sentence(
    backlog: Backlog,
    uncovered: int,
    alive: Sequence[ContainerRecord],
    starting: Sequence[ContainerRecord],
    launches: Sequence[int],
    reason: str,
    cut: str,
) -> str:
    if backlog.is_paused:
        return f"{backlog.ready} ready, but the queue is paused"
    if not backlog.ready:
        return f"nothing ready; {len(alive)} containers" if alive else "nothing ready, no containers"
    head = f"{backlog.ready} ready → {_shape(launches)}"
    if not launches and not cut:
        head = f"{backlog.ready} ready → no launch"
        reason = f"{len(alive)} containers ({len(starting)} starting) cover it"
    elif uncovered < backlog.ready:
        reason += f"; {backlog.ready - uncovered} are covered by {len(alive)} containers"
    return f"{head}, because {reason}" + (f"; cut by {cut}" if cut else "")


def _shape(launches: Sequence[int]) -> str:
    if not launches:
        return "no launch"
    sizes = sorted(set(launches), reverse=True)
    parts = [f"{launches.count(size)} × {size}" for size in sizes]
    noun = "container" if len(launches) == 1 else "containers"
    return f"{len(launches)} {noun} × {sizes[0]}" if len(sizes) == 1 else f"{len(launches)} {noun} ({' + '.join(parts)})"
