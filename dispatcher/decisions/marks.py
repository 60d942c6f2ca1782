"""Marks decisions, so that of those that an operator would not tell apart only the first is recorded."""

import re
from collections.abc import Iterator

from dispatcher.codes import Code
from dispatcher.decisions.planner import Plan
from scenequeue.reasons import Parameter, Reason
from scenequeue.reasons.stored import stored_reason

#: The mark of launches, each of which is recorded, and of those that are held back until their containers work.
LAUNCH = "launch"
#: The marks of all plans that need no launch as the containers that are there are enough: which of them holds changes with every
#: few items.
ENOUGH = "enough"
#: Reasons of launches that are held back.
_HELD_BACK = frozenset({Code.NOT_YET, Code.ONE_AT_A_TIME})
#: Reasons that explain sizes; they change with every item, and launch nothing by themselves.
_SIZING = frozenset(
    {
        *(Code.BATCHES, Code.BATCHES_FULL, Code.BUDGET_KEEPS, Code.DEADLINE_NEEDS, Code.FOR_NEEDS, Code.PROBE, Code.TAKEN),
        *(Code.WISHES, Code.WISHES_FULL, Code.WISHES_MORE),
    }
)
#: Reasons whose numbers are limits, which operators change.
_LIMITS = frozenset({Code.CUT_BY_BUDGET, Code.CUT_BY_CONTAINERS, Code.CUT_BY_LAUNCHES, Code.KEPT_WARM})
#: Parts of a plan's reason that change with every item.
_VOLATILE = frozenset({"waiting", "present", "launches"})
#: Longest mark that is stored.
_MAX_CHARACTERS = 1000
_NUMBERS = re.compile(r"[0-9]+")


def mark_of(made: Plan) -> str:
    """Return the mark of a plan: the reason that nothing is launched, without what changes with every item."""
    inner = made.why.parameters.get("plan")
    # A plan without the paused items.
    why, paused = (inner, " paused") if isinstance(inner, Reason) else (made.why, "")
    because = why.parameters.get("because", ())
    reasons = because if isinstance(because, tuple) else ()
    if made.orders or any(reason.code in _HELD_BACK for reason in reasons):
        return LAUNCH
    if why.code in {Code.PLAN_IDLE, Code.PLAN_COVERED}:
        return ENOUGH + paused
    kept = tuple(_constant(reason) for reason in reasons if reason.code not in _SIZING)
    return stored_reason(Reason(why.code, {**dict(_constant_parameters(why)), "because": kept}), _MAX_CHARACTERS) + paused


def _constant(reason: Reason) -> Reason:
    return Reason(reason.code, dict(_constant_parameters(reason)))


def _constant_parameters(reason: Reason) -> Iterator[tuple[str, Parameter]]:
    for name, value in reason.parameters.items():
        if name in _VOLATILE or name == "because":
            continue
        if isinstance(value, Reason):
            yield name, _constant(value)
        elif isinstance(value, tuple):
            yield name, tuple(map(_constant, value))
        elif isinstance(value, str):
            # Texts of a fleet's errors name calls by numbers.
            yield name, _NUMBERS.sub("#", value)
        elif reason.code in _LIMITS:
            yield name, value
