"""Decides how many containers a backlog deserves, by the operator's policy and without bounds."""

import math
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.distribution import distribute, even_batches
from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.planning.policy import Policy
from scenequeue.reasons import Reason

#: Planned for, of the time that a deadline leaves: starts differ, some fail, and scenes do not divide evenly.
PLANNED_SHARE = 0.9


class Workload(NamedTuple):
    """Work that one image is launched for: needs that are planned together, as its containers serve them all."""

    profile: Profile
    needs: tuple[str, ...]
    #: Ready items, and those of them that no container will take.
    ready: int
    uncovered: int
    #: Processing time of what is ready, on one slot.
    work_s: float
    #: Containers that serve some of it.
    containers: int
    #: Whether one container is to show what the image serves by now.
    is_probe: bool = False


def desired_launches(load: Workload, spent_usd_per_hour: float, policy: Policy) -> tuple[list[int], Reason]:
    """Batches of the containers to add, and why.

    Args:
        load: with ready items.
        spent_usd_per_hour: what all containers that are there cost.
        policy: the operator's.
    """
    if load.is_probe:
        asked = {"image": load.profile.name, "needs": ", ".join(load.needs)}
        return [min(load.uncovered, policy.scenes_per_batch)] if load.uncovered else [], Reason(Code.PROBE, asked)
    if policy.policy == "batch":
        return _by_batch(load, policy)
    if policy.policy == "budget":
        return _by_budget(load, spent_usd_per_hour, policy)
    return _by_deadline(load, policy)


def _by_batch(load: Workload, policy: Policy) -> tuple[list[int], Reason]:
    """Batches of the wished size, in no more containers than one distribution may use."""
    room = policy.max_parallel_tasks - load.containers
    if room < 1:
        return [], Reason(Code.BATCHES_FULL, {"most": policy.max_parallel_tasks})
    batches = distribute(load.uncovered, policy.scenes_per_batch, room, policy.min_scenes_per_batch)
    sizes = {"items": policy.scenes_per_batch, "least": policy.min_scenes_per_batch, "most": policy.max_parallel_tasks}
    return batches, Reason(Code.BATCHES, sizes)


def _by_budget(load: Workload, spent_usd_per_hour: float, policy: Policy) -> tuple[list[int], Reason]:
    """Launch up to the budget, but never a container with fewer than min_scenes_per_batch items.

    What runs is counted at its own price: where Spot was found, there is money left for more.
    """
    budget, least = policy.budget_usd_per_hour, policy.min_scenes_per_batch
    kept = policy.max_containers
    if budget is not None:
        price = load.profile.usd_per_hour[load.profile.config_priority]
        # A hair above, so that money for exactly n containers is enough for n.
        kept = load.containers + max(0, math.floor((budget - spent_usd_per_hour) / price + 1e-9))
    reason = Reason(Code.BUDGET_KEEPS, {"containers": kept, "least": least})
    if kept <= load.containers:
        return [], reason
    # Also where every item has been promised to somebody: more of them share what waits.
    return even_batches(load.uncovered, len(distribute(load.ready, least, kept, least)) - load.containers), reason


def _by_deadline(load: Workload, policy: Policy) -> tuple[list[int], Reason]:
    """The fewest containers that finish in time; start-up counts, and so does the work of those that run."""
    profile = load.profile
    # Nobody is faster than its start, and a start pays for its least time anyway: it may as well be used.
    usable_s = max(1.0, profile.billed_least_s - profile.start_up_s, PLANNED_SHARE * (policy.deadline_s - profile.start_up_s))
    # More slots than items would wait for nothing.
    slots = min(math.ceil(load.work_s / usable_s), load.ready)
    each = profile.slots[profile.config_priority]
    needed = math.ceil(slots / each)
    facts = {"work_s": load.work_s, "deadline_s": policy.deadline_s, "containers": needed, "slots": each}
    # A slower rate than thought asks for more containers even where every item has been promised to one.
    return even_batches(load.uncovered, needed - load.containers), Reason(Code.DEADLINE_NEEDS, facts)
