"""Writes a decision for operators, with the containers that it launches."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dispatcher.decisions.planner import Plan
from scenequeue.jobs.container import ContainerRecord
from scenequeue.published.decision import MAX_CONTAINERS
from scenequeue.reasons import Reason
from scenequeue.reasons.stored import stored_reason

#: Longest reason that is stored; a thousand decisions are kept.
_REASON_CHARACTERS = 2000


def decision_as_json(made: Plan, launched: Sequence[ContainerRecord] = ()) -> str:
    """Return the decision in the form that `scenequeue/published/decision.py` reads.

    Args:
        made: the plan.
        launched: the intents of its launches.
    """
    facts = {
        "why": bounded(made.why),
        "ready": made.ready,
        "covered": made.covered,
        "running": made.running,
        "starting": made.starting,
        "usd_per_hour": made.usd_per_hour,
        "cut": bounded(made.cut) if made.cut else None,
        "orders": list(_orders(launched)),
    }
    return json.dumps(facts, separators=(",", ":"))


def bounded(reason: Reason) -> dict[str, Any]:
    """Return a reason in JSON's types, of bounded size and without secrets."""
    stored: dict[str, Any] = json.loads(stored_reason(reason.without_secrets(), _REASON_CHARACTERS))
    return stored


def _orders(launched: Sequence[ContainerRecord]) -> Iterator[dict[str, Any]]:
    """Yield the containers that are alike together, in the order of the first of each."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for record in launched:
        kind = (record.batch, record.vcpu, record.memory_mib, record.for_job, record.image)
        alike.setdefault(kind, []).append(record.container_id)
    left = MAX_CONTAINERS
    for (batch, vcpu, memory_mib, for_job, image), ids in alike.items():
        named, left = ids[:left], left - len(ids[:left])
        yield {
            "containers": len(ids),
            "batch": batch,
            "vcpu": vcpu,
            "memory_mib": memory_mib,
            "for_job": for_job,
            "image": image,
            "container_ids": named,
        }
