"""Plans the containers to launch now, with a reason: a pure function of the queue and the ledger."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.planning.backlog import Backlog, Profile
from dispatcher.decisions.planning.coverage import Demand, cover
from dispatcher.decisions.planning.explanation import beside_paused, explain
from dispatcher.decisions.planning.launch_limits import Bounds, Order, apply_limits, by_turns
from dispatcher.decisions.planning.policies import Workload, desired_launches
from dispatcher.decisions.planning.policy import Policy
from dispatcher.decisions.planning.presence import count_present
from dispatcher.decisions.planning.wishes import by_wishes
from dispatcher.decisions.planning.workloads import alarms_of, choose_profile, demands_of, jobs_to_plan, rate_of, workloads
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Lane
from scenequeue.reasons import Reason


class CoveredNeed(NamedTuple):
    """The coverage of one need in a plan: its ready items, those that no container will take, and the image launched for it."""

    need: str
    ready: int
    uncovered: int
    #: Processing time of the ready items on one slot.
    work_s: float
    #: "" if nothing is launched for it.
    image: str


@dataclass(frozen=True)
class Plan:
    """Launches to make now; `why` explains them in a sentence."""

    orders: tuple[Order, ...]
    why: Reason
    ready: int
    uncovered: int
    starting: int
    running: int
    usd_per_hour: float
    #: Containers of jobs without wishes, if those have ready items and all containers that one distribution may use; else 0.
    at_work: int = 0
    #: Price of the first container that exceeded the budget; 0 if none did.
    cut_usd_per_hour: float = 0.0
    #: The bound that holds launches back; None if none does.
    cut: Reason | None = None
    needs: tuple[CoveredNeed, ...] = ()
    #: Needs with ready items that no image serves.
    alarms: tuple[Reason, ...] = ()

    @property
    def launches(self) -> tuple[int, ...]:
        """Batch sizes of the containers to start."""
        return tuple(order.batch for order in self.orders)

    @property
    def unserved(self) -> int:
        """Ready items that no container will take and no image serves."""
        needs = {alarm.parameters["need"] for alarm in self.alarms}
        return sum(each.uncovered for each in self.needs if each.need in needs)

    @property
    def covered(self) -> int:
        """Ready items that present containers will take."""
        return self.ready - self.uncovered


def plan(
    backlog: Backlog,
    containers: Sequence[ContainerRecord],
    policy: Policy,
    rates: Mapping[str, float],
    now_ms: int,
    profiles: Sequence[Profile] = (),
) -> Plan:
    """Decide what to launch.

    Args:
        backlog: the waiting items, by need.
        containers: the ledger; draining, gone and failed containers do not count as capacity.
        policy: the operator's bounds and wishes.
        rates: need -> measured processing seconds per unit of weight on one slot.
        now_ms: Redis's clock.
        profiles: the images that can be launched; without any, the operator's fleet with an image of unknown needs.

    Returns:
        The plan; defined for any input, and never beyond max_containers, launches_per_tick, the hourly budget, or a fleet's
        room. No image is launched for needs that it is known not to serve.

    Running and starting containers are counted first: their unused budget is subtracted from the backlog, once over all
    needs, so that a slow start never launches twice. Jobs with wishes are planned one by one, all others by image.
    """
    profiles = profiles or (policy.profile(),)
    present = count_present(containers, {job.job_id for job in backlog.jobs}, policy.hello_timeout_s, now_ms, backlog.structures)
    demands = demands_of(backlog)
    uncovered = [demand.items - taken for demand, taken in zip(demands, cover(demands, present.rooms), strict=True)]
    chosen = {waiting.need: choose_profile(waiting.need, profiles, present.counts) for waiting in backlog.needs}
    loads = list(workloads(backlog, demands, uncovered, chosen, present.counts, rates))
    launched_for = [] if backlog.is_paused else loads
    wanted = [(load, *desired_launches(load, present.usd_per_hour, policy)) for load in launched_for]
    jobs = [] if backlog.is_paused else list(jobs_to_plan(backlog, demands, uncovered, chosen, present.counts))
    own, wishes = by_wishes(jobs, policy.max_containers)

    count = len(own) + sum(len(batches) for _, batches, _ in wanted)
    warm = 0 if backlog.is_paused else max(0, policy.min_containers - present.alive - count)
    room = {profile.name: profile.room for profile in profiles if profile.room is not None}
    prices = {(profile.name, size): usd for profile in profiles for size, usd in profile.usd_per_hour.items()}
    bounds = Bounds(
        policy.max_containers, policy.launches_per_tick, policy.budget_usd_per_hour, present.paid, present.usd_per_hour, room
    )
    kept_warm = repeat(Order(0, profiles[0].config_priority, image=profiles[0].name), warm)
    # Urgent needs first, and needs that are equally urgent in turns.
    shared = (by_turns([_orders(load, batches) for load, batches, _ in turn]) for turn in _by_urgency(wanted, backlog))
    limited = apply_limits(chain(own, chain.from_iterable(shared), kept_warm), count + warm, bounds, prices)

    by_need = _uncovered_by_need(demands, uncovered)
    alarms = tuple(alarms_of(backlog, by_need, chosen, profiles))
    why = explain(
        backlog,
        sum(uncovered),
        (present.alive, present.starting),
        limited,
        [(load.needs, reason) for load, _, reason in wanted],
        [*wishes, *([Reason(Code.KEPT_WARM, {"containers": policy.min_containers})] if warm else []), *alarms],
    )
    is_full = policy.policy == "batch" and loads and all(load.containers >= policy.max_parallel_tasks for load in loads)
    return Plan(
        limited.orders,
        beside_paused(why, backlog),
        backlog.ready,
        sum(uncovered),
        present.starting,
        present.alive - present.starting,
        present.usd_per_hour,
        at_work=sum(load.containers for load in loads) if is_full else 0,
        cut_usd_per_hour=limited.cut_usd_per_hour,
        cut=limited.cut,
        needs=tuple(_needs(backlog, by_need, chosen, rates)),
        alarms=alarms,
    )


def _needs(
    backlog: Backlog, uncovered: Mapping[str, int], chosen: Mapping[str, Profile | None], rates: Mapping[str, float]
) -> Iterator[CoveredNeed]:
    for waiting in backlog.needs:
        profile = chosen[waiting.need]
        work_s = (waiting.weight or float(waiting.ready)) * rate_of(waiting.need, rates)
        yield CoveredNeed(waiting.need, waiting.ready, uncovered[waiting.need], work_s, profile.name if profile else "")


def _orders(load: Workload, batches: Sequence[int]) -> Iterator[Order]:
    profile = load.profile
    needs = tuple(need for need in load.needs if need)
    return (Order(batch, profile.config_priority, image=profile.name, needs=needs) for batch in batches)


_Wanted = tuple[Workload, list[int], Reason]


def _by_urgency(wanted: Sequence[_Wanted], backlog: Backlog) -> Iterator[list[_Wanted]]:
    """Group workloads by the first lane in which they have ready items; in a group, the longest waiting comes first."""
    needs = {waiting.need: waiting for waiting in backlog.needs}
    lanes = list(Lane)

    def first_lane(each: _Wanted) -> int:
        return min(
            (index for index, lane in enumerate(lanes) for need in each[0].needs if needs[need].ready_by_lane.get(lane)),
            default=len(lanes),
        )

    ordered = sorted(wanted, key=lambda each: (first_lane(each), -max(needs[need].oldest_s for need in each[0].needs)))
    for _, turn in groupby(ordered, key=first_lane):
        yield list(turn)


def _uncovered_by_need(demands: Sequence[Demand], uncovered: Sequence[int]) -> Counter[str]:
    by_need: Counter[str] = Counter()
    for demand, more in zip(demands, uncovered, strict=True):
        by_need[demand.need] += more
    return by_need
