"""Plans the containers to launch now, with a reason: a pure function of the queue and the ledger."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dispatcher.decisions.distribution import distribute
from dispatcher.decisions.pricing import hourly_usd, usd_per_hour
from dispatcher.decisions.wishes import Order, by_wishes, cover
from dispatcher.fleet import SIZES, ContainerSize
from scenequeue.counted import Number, counted
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.wishes import WishedJob

#: Processing seconds per second of video on one slot, until a rate has been measured (research: about 0.7 at 1080p).
UNMEASURED_RATE = 1.0
#: Planned for, of the time that a deadline leaves: starts differ, some fail, and scenes do not divide evenly.
PLANNED_SHARE = 0.9
_ALIVE = frozenset({"intended", "launched", "running"})
_ENDED = frozenset({"gone", "failed"})


@dataclass(frozen=True)
class Backlog:
    """The work that waits: ready items, their weight in seconds of video, and retries that will be ready soon."""

    ready: int
    ready_weight: float = 0.0
    delayed: int = 0
    is_paused: bool = False
    #: Jobs that are planned alone; what they have ready is counted in `ready` and `ready_weight` too.
    jobs: tuple[WishedJob, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The operator's wishes; names and units as in DispatcherSettings."""

    policy: Literal["batch", "deadline", "budget"] = "batch"
    scenes_per_batch: int = 10
    min_scenes_per_batch: int = 5
    max_parallel_tasks: int = 10
    max_containers: int = 100
    min_containers: int = 0
    #: The burst that Fargate allows after a pause; what comes faster than it allows is paced call by call.
    launches_per_tick: int = 100
    deadline_s: float = 600.0
    budget_usd_per_hour: float | None = None
    config_priority: int = 1
    slots: int = 0
    hello_timeout_s: float = 180.0
    #: From a launch to its first lease; on Fargate image pull and start (AWS: 30 to 60 s).
    start_up_s: float = 45.0
    #: Paid for at least, however short a container lives.
    billed_least_s: float = 60.0
    #: What one more container is counted as before it is known where it runs: on Spot only where nothing else is launched,
    #: in the dearest region that it may come to.
    is_spot: bool = False
    region: str = ""
    architecture: str = "x86_64"
    #: Ephemeral storage of each.
    ephemeral_gib: int = 0

    @property
    def size(self) -> ContainerSize:
        return SIZES[self.config_priority]

    @property
    def slots_each(self) -> int:
        return self.slots_of(self.config_priority)

    @property
    def usd_per_hour_each(self) -> float:
        """The most that one more container may cost."""
        return self.usd_per_hour_of(self.config_priority)

    def slots_of(self, config_priority: int) -> int:
        """Slots of a container of this size."""
        return self.slots or max(1, int(SIZES[config_priority].vcpu))

    def usd_per_hour_of(self, config_priority: int) -> float:
        """The most that a container of this size may cost."""
        size, storage_gib = SIZES[config_priority], self.ephemeral_gib
        return usd_per_hour(
            size.vcpu, size.memory_mib, self.region, self.architecture, is_spot=self.is_spot, ephemeral_gib=storage_gib
        )


@dataclass(frozen=True)
class Plan:
    """Launches to make now; `why` explains them in a sentence."""

    orders: tuple[Order, ...]
    why: str
    ready: int
    uncovered: int
    starting: int
    running: int
    usd_per_hour: float
    #: Containers of the jobs without wishes, where those have ready items and all that one distribution may use; else 0.
    at_work: int = 0
    #: Price of the first container that the budget did not allow; 0 where it allowed all.
    cut_usd_per_hour: float = 0.0

    @property
    def launches(self) -> tuple[int, ...]:
        """Batch sizes of the containers to start."""
        return tuple(order.batch for order in self.orders)


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
    never launches twice. Jobs with wishes are planned one by one, all others together.
    """
    alive = [record for record in containers if is_capacity(record, policy.hello_timeout_s, now_ms)]
    # What drains works no more, but is there and is paid for.
    there = [record for record in containers if record.state not in _ENDED]
    starting = sum(record.state != "running" for record in alive)
    covered = cover(backlog.ready, backlog.jobs, [(record.for_job, takes_soon(record)) for record in alive])
    spent = hourly_usd(there)
    others = replace(
        backlog, ready=covered.ready, ready_weight=max(0.0, backlog.ready_weight - sum(job.ready_weight for job in backlog.jobs))
    )
    batches, reason = _wanted(others, covered.uncovered, covered.containers, spent, policy, rates)
    own, wishes = by_wishes(() if backlog.is_paused else covered.jobs, policy.max_containers)
    missing = policy.min_containers - len(alive) - len(own) - len(batches)
    if missing > 0 and not backlog.is_paused:
        batches = batches + [0] * missing
        wishes = [*wishes, f"{Number(policy.min_containers):1 container is|# containers are} always kept"]
    orders, cut, cut_usd = _bounded(own, batches, len(there), spent, policy)
    uncovered = covered.uncovered + sum(job.uncovered for job in covered.jobs)
    reasons = "; ".join([reason, *wishes] if reason else wishes)
    why = _sentence(backlog, uncovered, len(alive), starting, [order.batch for order in orders], reasons, cut)
    is_full = policy.policy == "batch" and others.ready and covered.containers >= policy.max_parallel_tasks
    at_work = covered.containers if is_full else 0
    return Plan(tuple(orders), why, backlog.ready, uncovered, starting, len(alive) - starting, spent, at_work, cut_usd)


def is_capacity(record: ContainerRecord, hello_timeout_s: float, now_ms: int) -> bool:
    """Return True if a container works, or may still come to: a launch that has not said hello in time has failed."""
    if record.state not in _ALIVE or record.is_draining:
        return False
    return record.state == "running" or now_ms - record.intended_ms <= hello_timeout_s * 1000


def takes_soon(record: ContainerRecord) -> int:
    """Count the ready items that a container will take: what is left of its budget, or its free slots if those are more."""
    left = record.batch - record.done - record.failed - record.held
    free_slots = record.slots - record.held if record.state == "running" else 0
    return max(0, left, free_slots)


def _wanted(
    backlog: Backlog, uncovered: int, alive: int, spent: float, policy: Policy, rates: Mapping[str, float]
) -> tuple[list[int], str]:
    """Batches for what the operator's settings plan, and why."""
    if backlog.is_paused:
        return [], "the queue is paused"
    if not backlog.ready:
        return [], ""
    if policy.policy == "batch":
        return _by_batch(uncovered, alive, policy)
    if policy.policy == "budget":
        return _by_budget(backlog, uncovered, alive, spent, policy)
    return _by_deadline(backlog, uncovered, alive, policy, rates)


def _by_batch(uncovered: int, alive: int, policy: Policy) -> tuple[list[int], str]:
    """Batches of the wished size, in no more containers than one distribution may use."""
    room = policy.max_parallel_tasks - alive
    if room < 1:
        most = Number(policy.max_parallel_tasks)
        return (
            [],
            f"{most:the 1 container|all # containers} of a distribution {most:is|are} there; {most:it takes|they take} the rest",
        )
    wanted = distribute(uncovered, policy.scenes_per_batch, room, policy.min_scenes_per_batch)
    sizes = f"batches of about {policy.scenes_per_batch}, at least {policy.min_scenes_per_batch}"
    return wanted, f"{sizes}, in at most {policy.max_parallel_tasks}"


def _by_budget(backlog: Backlog, uncovered: int, alive: int, spent: float, policy: Policy) -> tuple[list[int], str]:
    """As many containers as the money keeps, as long as each has something worth a start.

    What runs is counted at its own price: where Spot was found, there is money left for more.
    """
    budget, least = policy.budget_usd_per_hour, policy.min_scenes_per_batch
    kept = policy.max_containers if budget is None else alive + _affordable(budget - spent, policy)
    reason = f"the budget keeps {kept}, at least {least} each"
    if kept <= alive:
        return [], reason
    # Also where every item has been promised to somebody: more of them share what waits.
    return _shared(uncovered, len(distribute(backlog.ready, least, kept, least)) - alive), reason


def _by_deadline(
    backlog: Backlog, uncovered: int, alive: int, policy: Policy, rates: Mapping[str, float]
) -> tuple[list[int], str]:
    """The fewest containers that finish in time; start-up counts, and so does the work of those that run."""
    rate = max(rates.values(), default=UNMEASURED_RATE)
    work_s = (backlog.ready_weight or float(backlog.ready)) * rate
    # Nobody is faster than its start, and a start pays for its least time anyway: it may as well be used.
    usable_s = max(1.0, policy.billed_least_s - policy.start_up_s, PLANNED_SHARE * (policy.deadline_s - policy.start_up_s))
    # More slots than items would wait for nothing.
    slots = min(math.ceil(work_s / usable_s), backlog.ready)
    needed = math.ceil(slots / policy.slots_each)
    each = counted(policy.slots_each, "slot")
    reason = f"{work_s:.0f} s of work in {policy.deadline_s:.0f} s needs {_containers(needed)} of {each} each"
    # A slower rate than thought asks for more containers even where every item has been promised to one.
    return _shared(uncovered, needed - alive), reason


def _shared(uncovered: int, containers: int) -> list[int]:
    """Even batches, at least one item each."""
    if containers < 1:
        return []
    share, extra = divmod(max(uncovered, containers), containers)
    return [share + 1] * extra + [share] * (containers - extra)


def _affordable(usd_an_hour: float, policy: Policy) -> int:
    # A hair above, so that money for exactly n containers is enough for n.
    return max(0, math.floor(usd_an_hour / policy.usd_per_hour_each + 1e-9))


def _bounded(
    own: list[Order], batches: list[int], there: int, spent_usd_per_hour: float, policy: Policy
) -> tuple[list[Order], str, float]:
    """Cut to what the bounds allow; the last that cuts is the tightest, and is named, with the price that the budget lacks."""
    cut, count = "", len(own) + len(batches)
    for most, name in (
        (policy.max_containers - there, f"at most {_containers(policy.max_containers)}"),
        (policy.launches_per_tick, f"{counted(policy.launches_per_tick, 'launch', 'launches')} a tick"),
    ):
        if count > max(0, most):
            count, cut = max(0, most), name
    shared = batches[: max(0, count - len(own))]
    wanted = [*own[:count], *(Order(batch, policy.config_priority) for batch in shared)]
    if (budget := policy.budget_usd_per_hour) is not None:
        # A hair above, so that money for exactly n containers is enough for n.
        left = budget - spent_usd_per_hour + 1e-9
        prices = {priority: policy.usd_per_hour_of(priority) for priority in SIZES}
        for count, order in enumerate(wanted):
            left -= prices[order.config_priority]
            if left < 0:
                return wanted[:count], f"a budget of ${budget:.2f} an hour", prices[order.config_priority]
    return wanted, cut, 0.0


def _sentence(backlog: Backlog, uncovered: int, alive: int, starting: int, launches: Sequence[int], reason: str, cut: str) -> str:
    there = f"{_containers(alive)} ({starting} starting)" if starting else _containers(alive)
    if backlog.is_paused:
        return f"{backlog.ready} ready, but the queue is paused"
    if not backlog.ready and not launches and not cut:
        return f"nothing ready; {there}" if alive else "nothing ready, no containers"
    if not uncovered and not launches and not cut:
        return f"{backlog.ready} ready → no launch, because {there} will take {Number(backlog.ready):it|them}"
    if backlog.ready and uncovered < backlog.ready:
        reason += f"; {Number(backlog.ready - uncovered):1 is|# are} for {there}"
    return f"{backlog.ready} ready → {_shape(launches)}, because {reason}" + (f"; cut by {cut}" if cut else "")


def _containers(number: int) -> str:
    return counted(number, "container")


def _shape(launches: Sequence[int]) -> str:
    if not launches:
        return "no launch"
    sizes = sorted(set(launches), reverse=True)
    if len(sizes) == 1:
        return f"{_containers(len(launches))} × {sizes[0]}"
    return f"{_containers(len(launches))} ({' + '.join(f'{launches.count(size)} × {size}' for size in sizes)})"
