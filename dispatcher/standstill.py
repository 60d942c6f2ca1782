"""Finds the reason that nothing more is launched for what waits: a pure function of the plan and the last launches."""

from collections.abc import Sequence

from dispatcher.fleets.ecs_errors import EcsProblem, is_capacity
from dispatcher.planner import Plan, Policy
from scenequeue.items import ContainerRecord
from scenequeue.reasons import Reason

_ENDED = frozenset({"gone", "failed"})


def standstill(
    made: Plan, containers: Sequence[ContainerRecord], policy: Policy, problem: str, false_starts: str
) -> Reason | None:
    """The reason for operators and callers; None where containers are launched, or nothing is ready.

    Args:
        made: this tick's plan.
        containers: the ledger.
        policy: the operator's bounds.
        problem: the fleet's own reason, where it could start none of what was asked for last; else "".
        false_starts: in words, that the last containers ended before they worked; else "".
    """
    if not made.ready:
        return None
    if problem:
        return Reason("no_capacity" if is_capacity(EcsProblem("", problem)) else "launches_fail", {"problem": problem})
    if false_starts:
        return Reason("false_starts", {"problem": false_starts})
    if made.launches:
        return None
    there = [record for record in containers if record.state not in _ENDED]
    if there and len(there) >= policy.max_containers:
        if all(record.is_draining for record in there):
            return Reason("all_drain", {"containers": len(there)})
        return Reason("all_at_work", {"containers": len(there), "setting": "SCENEBURST_MAX_CONTAINERS"})
    budget = policy.budget_usd_per_hour
    if budget is not None and made.usd_per_hour + policy.usd_per_hour_each > budget + 1e-9:
        each = round(policy.usd_per_hour_each, 4)
        return Reason("over_budget", {"budget_usd_per_hour": budget, "usd_per_hour_each": each})
    if policy.policy == "batch" and made.running + made.starting >= policy.max_parallel_tasks:
        return Reason("all_at_work", {"containers": made.running, "setting": "SCENEBURST_MAX_PARALLEL_TASKS"})
    return None
