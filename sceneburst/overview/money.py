"""Computes the money of the front view: dollars an hour and today, per item beside the usual, and the time when all is done."""

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.overview import Money
from sceneburst.overview.trouble import Severity, Trouble
from scenequeue.jobs.rollup import spending
from scenequeue.reasons import Reason


def money_of(facts: QueueFacts, troubles: tuple[Trouble, ...]) -> Money:
    """Return the costs, and the time at which all that is ready is done, with the reason where it is unknown."""
    spent = spending(facts.hours, facts.at_ms)
    usd_per_hour = (facts.plan or {}).get("usd_per_hour")
    done_at_ms = facts.published.done_at_ms
    unknown = _unknown(facts, troubles) if done_at_ms is None or not facts.depth.counts.in_work else None
    return Money(
        usd_per_hour=float(usd_per_hour) if isinstance(usd_per_hour, int | float) else None,
        budget_usd_per_hour=facts.published.budget_usd_per_hour,
        usd_today=spent.today_usd if facts.hours else None,
        usd_per_item=spent.usd_per_item,
        usual_usd_per_item=spent.usual_usd_per_item,
        done_at_ms=None if unknown else done_at_ms,
        unknown=unknown,
    )


def _unknown(facts: QueueFacts, troubles: tuple[Trouble, ...]) -> Reason:
    """Return the reason that nobody knows when all is done."""
    if not facts.depth.counts.in_work:
        return Reason(Code.DONE_UNKNOWN_NOTHING)
    if facts.depth.is_paused:
        return Reason(Code.DONE_UNKNOWN_PAUSED)
    if not facts.has_dispatcher:
        return Reason(Code.DONE_UNKNOWN_NO_DISPATCHER)
    if any(trouble.severity is Severity.STOPS for trouble in troubles):
        return Reason(Code.DONE_UNKNOWN_BLOCKED)
    return Reason(Code.DONE_UNKNOWN_RATE)
