"""Decides how many containers to launch for a backlog by the operator's policy, before any bounds."""

import math
from typing import NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.distribution import distribute, even_batches
from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.planning.policy import Policy
from scenequeue.reasons import Reason

#: Share of the time to a deadline that is planned for: starts differ, some fail, and scenes do not divide evenly.
PLANNED_SHARE = 0.9


class Workload(NamedTuple):
    """The needs that one image is launched for; they are planned together, because its containers serve them all."""

    profile: Profile
    needs: tuple[str, ...]
    #: Ready items, and the part of them that no container will take.
    ready: int
    uncovered: int
    #: Processing time of the ready items on one slot.
    work_s: float
    #: Containers that serve at least one of the needs.
    containers: int
    #: True to launch a single container that shows which needs the image serves.
    is_probe: bool = False


def desired_launches(load: Workload, spent_usd_per_hour: float, policy: Policy) -> tuple[list[int], Reason]:
    """Return the batches of the containers to add, and the reason.

    Args:
        load: the workload, with ready items.
        spent_usd_per_hour: cost of all present containers.
        policy: the operator's policy.
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
    """Return batches of the wished size, for no more containers than one distribution may use."""
    room = policy.max_parallel_tasks - load.containers
    if room < 1:
        return [], Reason(Code.BATCHES_FULL, {"most": policy.max_parallel_tasks})
    batches = distribute(load.uncovered, policy.scenes_per_batch, room, policy.min_scenes_per_batch)
    sizes = {"items": policy.scenes_per_batch, "least": policy.min_scenes_per_batch, "most": policy.max_parallel_tasks}
    return batches, Reason(Code.BATCHES, sizes)


def _by_budget(load: Workload, spent_usd_per_hour: float, policy: Policy) -> tuple[list[int], Reason]:
    """Launch up to the budget, but never a container with fewer than min_scenes_per_batch items.

    Running containers count at their own price: where Spot capacity was found, money is left for more.
    """
    budget, least = policy.budget_usd_per_hour, policy.min_scenes_per_batch
    kept = policy.max_containers
    if budget is not None:
        price = load.profile.usd_per_hour[load.profile.config_priority]
        # Add a tolerance, so that money for exactly n containers is enough for n.
        kept = load.containers + max(0, math.floor((budget - spent_usd_per_hour) / price + 1e-9))
    reason = Reason(Code.BUDGET_KEEPS, {"containers": kept, "least": least})
    if kept <= load.containers:
        return [], reason
    # Also if every item is covered already: more containers share the waiting items.
    return even_batches(load.uncovered, len(distribute(load.ready, least, kept, least)) - load.containers), reason


def _by_deadline(load: Workload, policy: Policy) -> tuple[list[int], Reason]:
    """Return batches for the fewest containers that finish in time, including start-up and the work of running containers."""
    profile = load.profile
    # A container cannot finish before its start, and its minimum billed time may as well be used.
    usable_s = max(1.0, profile.min_billed_s - profile.start_up_s, PLANNED_SHARE * (policy.deadline_s - profile.start_up_s))
    # More slots than items would stay idle.
    slots = min(math.ceil(load.work_s / usable_s), load.ready)
    each = profile.slots[profile.config_priority]
    needed = math.ceil(slots / each)
    facts = {"work_s": load.work_s, "deadline_s": policy.deadline_s, "containers": needed, "slots": each}
    # A slower rate than expected needs more containers, even if every item is covered already.
    return even_batches(load.uncovered, needed - load.containers), Reason(Code.DEADLINE_NEEDS, facts)
