"""Makes the front view of facts: a pure function."""

from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.money import money_of
from sceneburst.overview.overview import Containers, Numbers, Overview
from sceneburst.overview.troubles import troubles_of
from scenequeue.reasons import Reason

_MINUTE_MS = 60_000


def overview_of(facts: QueueFacts) -> Overview:
    """Return the front view at the moment of the facts."""
    troubles = troubles_of(facts)
    return Overview(
        at_ms=facts.at_ms,
        troubles=troubles,
        money=money_of(facts, troubles),
        numbers=_numbers(facts),
        containers=_containers(facts),
        decisions=facts.decisions,
    )


def _numbers(facts: QueueFacts) -> Numbers:
    depth, counts = facts.depth, facts.depth.counts
    minute_ms = facts.at_ms - facts.at_ms % _MINUTE_MS - _MINUTE_MS
    return Numbers(
        ready=counts.ready,
        ready_by_lane=depth.ready_by_lane,
        oldest_s=max((each.oldest_s for each in facts.waiting), default=None),
        in_flight=counts.leased,
        delayed=counts.delayed,
        waiting=counts.waiting,
        paused=depth.paused_items,
        dead=counts.dead,
        done=counts.done,
        done_last_minute=next((slot.done for slot in facts.minutes if slot.at_ms == minute_ms), None),
    )


def _containers(facts: QueueFacts) -> Containers:
    plan = facts.plan or {}
    why, at_ms = plan.get("why"), plan.get("at_ms")
    return Containers(
        running=_count(plan.get("running")),
        starting=_count(plan.get("starting")),
        most=facts.published.max_containers,
        why=why if isinstance(why, Reason) else None,
        why_ms=at_ms if isinstance(at_ms, int) and at_ms else None,
    )


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0
