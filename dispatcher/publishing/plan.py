"""Writes a plan for operators and producers: decisions, paths that containers can reach, and the reason for waiting."""

from collections.abc import Sequence
from typing import Any

from dispatcher.decisions.planner import Plan
from dispatcher.publishing.facts import facts_as_json
from scenequeue.ports.steering.limits import LIMITS, Limit
from scenequeue.published.facts import Facts
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings


def plan_as_json(
    made: Plan,
    waits_because: Reason | None,
    at_ms: int,
    settings: DispatcherSettings,
    limits: Sequence[Limit] = (),
    *,
    structures: Sequence[int],
    has_aws_credentials: bool | None,
    facts: Facts | None = None,
) -> dict[str, Any]:
    """Return the plan in JSON's types; reasons are codes with parameters.

    Args:
        made: the plan.
        waits_because: the reason that nothing is worked on; None if something is.
        at_ms: Redis's clock.
        settings: settings of the launched containers.
        limits: limits that operators changed at run time.
        structures: the queue's structures that this dispatcher looks at, newest first; the plan's needs are named by them.
        has_aws_credentials: True if containers find AWS credentials; None if unknown.
        facts: further facts; None if there are none.
    """
    return {
        "orders": made.orders,
        "why": made.why.to_json(),
        "ready": made.ready,
        "covered": made.covered,
        "uncovered": made.uncovered,
        "starting": made.starting,
        "running": made.running,
        "usd_per_hour": made.usd_per_hour,
        "at_work": made.at_work,
        "cut_usd_per_hour": made.cut_usd_per_hour,
        "cut": made.cut.to_json() if made.cut else None,
        "needs": [need._asdict() for need in made.needs],
        "structures": structures,
        "alarms": [alarm.to_json() for alarm in made.alarms],
        "launches": made.launches,
        "at_ms": at_ms,
        "limits": [limit._asdict() for limit in limits],
        "settings": {name: getattr(settings, name) for name in LIMITS},
        "fleet": settings.fleet,
        "file_roots": [str(root.absolute()) for root in settings.file_roots],
        "aws_credentials": has_aws_credentials,
        "waits_because": waits_because.to_json() if waits_because else None,
        "facts": facts_as_json(facts) if facts else None,
    }
