"""Finds the facts that only the dispatcher knows, and writes them as `scenequeue/published/facts.py` reads them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dispatcher.codes import Code
from dispatcher.decisions.container_troubles import losses, refusals, silent_containers, starts_in_vain
from dispatcher.decisions.finish import done_at_ms, start_up_s
from dispatcher.decisions.planner import Plan
from dispatcher.decisions.planning.policy import Policy
from dispatcher.publishing.decision import bounded
from dispatcher.snapshot import TickSnapshot
from scenequeue.jobs.container import ContainerRecord
from scenequeue.ports.item_listing import LeasedItem
from scenequeue.published.facts import ContainerTrouble, Facts
from scenequeue.reasons import Reason

#: Entries of a list that are published, the most important ones.
_MAX_ENTRIES = 20


class LaunchState(NamedTuple):
    """The last launches."""

    #: The containers that this tick launched, or tried to.
    launched: Sequence[ContainerRecord] = ()
    #: The error of the last launches if none of them succeeded, else None.
    problem: Reason | None = None
    #: Seconds until the next ones may be made.
    pause_s: float = 0.0


def facts_of_tick(
    seen: TickSnapshot,
    made: Plan,
    launches: LaunchState,
    leased: Sequence[LeasedItem],
    policy: Policy,
    image: str,
    silent_after_s: float,
) -> Facts:
    """Return the facts of a tick.

    Args:
        seen: the queue and the ledger before the launches.
        made: the plan.
        launches: the launches of this tick.
        leased: the leased items, where they are to be counted for the time of the end.
        policy: the operator's bounds.
        image: the current image.
        silent_after_s: silence after which a container is given up.
    """
    now_ms, pause_s = seen.at_ms, max(launches.pause_s, seen.backoff.pause_s)
    # Only while something waits for containers.
    next_ms = now_ms + round(pause_s) * 1000 if made.uncovered and pause_s else None
    ledger = [*seen.containers, *(_at(record, now_ms) for record in launches.launched)]
    learnt_s = start_up_s(ledger, image)
    return Facts(
        refused=refusals(ledger, launches.problem, now_ms, next_ms) if made.ready else (),
        false_starts=starts_in_vain(ledger, now_ms, image, next_ms),
        lost=losses(ledger, now_ms),
        silent=silent_containers(ledger, now_ms, silent_after_s),
        silent_after_s=silent_after_s,
        budget_usd_per_hour=policy.budget_usd_per_hour,
        max_containers=policy.max_containers,
        is_cut_by_budget=made.cut is not None and made.cut.code == Code.CUT_BY_BUDGET,
        start_up_s=learnt_s,
        done_at_ms=done_at_ms(
            *(made, seen.rates, leased, ledger, now_ms),
            start_s=policy.start_up_s if learnt_s is None else learnt_s,
            hello_timeout_s=policy.hello_timeout_s,
        ),
    )


def _at(record: ContainerRecord, now_ms: int) -> ContainerRecord:
    """Return the record of a container that has just been launched, with the times that Redis gave it a moment later."""
    return record.model_copy(update={"intended_ms": now_ms, "launched_ms": now_ms if record.state == "launched" else 0})


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Return the facts in JSON's types."""
    lists = {
        name: [_trouble(each) for each in getattr(facts, name)[:_MAX_ENTRIES]] for name in ("refused", "false_starts", "lost")
    }
    return {**facts._asdict(), **lists, "silent": [each._asdict() for each in facts.silent[:_MAX_ENTRIES]]}


def _trouble(trouble: ContainerTrouble) -> dict[str, Any]:
    return {**trouble._asdict(), "problem": bounded(trouble.problem), "containers": list(trouble.containers)}
