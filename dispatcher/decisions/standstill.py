"""Finds the reason that nothing more is launched for what waits: a pure function of the plan and the last launches."""

from collections.abc import Sequence
from typing import NamedTuple

from dispatcher.decisions.planner import Plan, Policy
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Reason

_ENDED = frozenset({"gone", "failed"})


class Refused(NamedTuple):
    """A round of launches of which none succeeded: the fleet's own words, and whether it had no room."""

    problem: str
    lacks_capacity: bool


def standstill(
    made: Plan, containers: Sequence[ContainerRecord], policy: Policy, refused: Refused | None, false_starts: str
) -> Reason | None:
    """The reason for operators and callers; None where nothing is ready, or launches are planned and none came to nothing.

    Args:
        made: this tick's plan.
        containers: the ledger.
        policy: the operator's bounds.
        refused: the last launches, where the fleet could start none of them; else None.
        false_starts: in words, that the last containers ended before they worked; else "".
    """
    if not made.ready:
        return None
    if refused:
        return Reason("no_capacity" if refused.lacks_capacity else "launches_fail", {"problem": refused.problem})
    if false_starts:
        return Reason("false_starts", {"problem": false_starts})
    if made.launches:
        return None
    there = [record for record in containers if record.state not in _ENDED]
    if there and len(there) >= policy.max_containers:
        if all(record.is_draining for record in there):
            return Reason("all_drain", {"containers": len(there)})
        if not made.running:
            # They are starting.
            return None
        return Reason("all_at_work", {"containers": policy.max_containers, "setting": "SCENEBURST_MAX_CONTAINERS"})
    budget, each = policy.budget_usd_per_hour, made.cut_usd_per_hour or policy.usd_per_hour_each
    if budget is not None and made.usd_per_hour + each > budget + 1e-9:
        return Reason("over_budget", {"budget_usd_per_hour": budget, "usd_per_hour_each": round(each, 4)})
    if made.at_work and made.running:
        return Reason("all_at_work", {"containers": made.at_work, "setting": "SCENEBURST_MAX_PARALLEL_TASKS"})
    return None
