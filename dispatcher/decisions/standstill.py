"""Finds the reason that no containers are launched for waiting items: a pure function of the plan and the last launches."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.policy import Policy
from scenequeue.jobs.container import ContainerRecord
from scenequeue.reasons import Code, Reason


class Rejection(NamedTuple):
    """A call for launches in which none started."""

    problem: Reason
    #: True if the fleet has no room at present; the next call may succeed.
    lacks_capacity: bool = False


def standstill(
    made: Plan,
    containers: Sequence[ContainerRecord],
    policy: Policy,
    rejection: Rejection | None,
    false_starts: Reason | None,
    changed_by: Mapping[str, str] | None = None,
) -> Reason | None:
    """Return the reason for operators and callers; None if nothing is ready, or if launches are planned and none failed.

    Args:
        made: this tick's plan.
        containers: the ledger.
        policy: the operator's bounds.
        rejection: the last launches, if the fleet started none of them; else None.
        false_starts: the reason of the last false starts; else None.
        changed_by: limits that were changed at run time, with the operators who changed them.
    """
    if not made.ready:
        return None
    if rejection:
        code = Code.NO_CAPACITY if rejection.lacks_capacity else Code.LAUNCHES_FAIL
        return Reason(code, {"problem": rejection.problem})
    if false_starts:
        return Reason(Code.FALSE_STARTS, {"problem": false_starts})
    if made.launches:
        return None
    if made.alarms and not made.starting and not made.running:
        return made.alarms[0]
    there = [record for record in containers if not record.has_ended]
    if there and len(there) >= policy.max_containers:
        if all(record.is_draining for record in there):
            return Reason(Code.ALL_DRAIN, {"containers": len(there)})
        if not made.running:
            # All present containers are starting.
            return None
        return Reason(Code.ALL_AT_WORK, {"containers": policy.max_containers, **_origin("max_containers", changed_by)})
    budget, each = policy.budget_usd_per_hour, made.cut_usd_per_hour or policy.usd_per_hour_each
    if budget is not None and made.usd_per_hour + each > budget + 1e-9:
        numbers = {"budget_usd_per_hour": budget, "usd_per_hour_each": round(each, 4)}
        return Reason(Code.OVER_BUDGET, {**numbers, **_origin("budget_usd_per_hour", changed_by)})
    if made.at_work and made.running:
        return Reason(Code.ALL_AT_WORK, {"containers": made.at_work, **_origin("max_parallel_tasks", changed_by)})
    return None


def _origin(limit: str, changed_by: Mapping[str, str] | None) -> dict[str, str | Reason]:
    """Return the name under which the value in force was set, and the way to raise it."""
    by = (changed_by or {}).get(limit)
    if by is None:
        return {"setting": f"SCENEBURST_{limit.upper()}", "remedy": Reason(Code.RAISE_SETTING, {"limit": limit})}
    return {"setting": limit, "remedy": Reason(Code.RAISE_LIMIT, {"limit": limit, "by": by})}
