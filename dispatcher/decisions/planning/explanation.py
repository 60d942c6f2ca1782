"""Explains a plan in one sentence, as a reason."""

from collections.abc import Sequence

from dispatcher.codes import Code
from dispatcher.decisions.planning.backlog import Backlog
from dispatcher.decisions.planning.launch_limits import Limited
from scenequeue.reasons import Reason


def explain(
    backlog: Backlog,
    uncovered: int,
    present: tuple[int, int],
    limited: Limited,
    policies: Sequence[tuple[tuple[str, ...], Reason]],
    further: Sequence[Reason],
) -> Reason:
    """Return the reason of a plan, for operators.

    Args:
        backlog: the waiting items.
        uncovered: ready items that no container will take.
        present: number of containers that count as capacity, and how many of them are starting.
        limited: the launches.
        policies: the needs that were planned by the operator's settings, with the reason for each group.
        further: additional reasons, in order.
    """
    ready, waiting, there = backlog.ready, _ready(backlog), _present(*present)
    is_still = not limited.orders and not limited.cut
    if backlog.is_paused:
        return Reason(Code.PLAN_PAUSED, {"waiting": waiting})
    if not ready and is_still:
        return Reason(Code.PLAN_IDLE, {"present": there}) if present[0] else Reason(Code.PLAN_AT_REST)
    if not uncovered and is_still:
        return Reason(Code.PLAN_COVERED, {"waiting": waiting, "ready": ready, "present": there})
    because = [reason if len(policies) == 1 else _for_needs(needs, reason) for needs, reason in policies]
    because += further
    if ready and uncovered < ready:
        because.append(Reason(Code.TAKEN, {"items": ready - uncovered, "present": there}))
    if limited.cut:
        because.append(limited.cut)
    launches = _launches([order.batch for order in limited.orders])
    return Reason(Code.PLAN_LAUNCHES, {"waiting": waiting, "launches": launches, "because": tuple(because)})


def beside_paused(why: Reason, backlog: Backlog) -> Reason:
    """Return the reason of a plan, with the number of items that are left out of it because they are paused."""
    return Reason(Code.PLAN_WITHOUT_PAUSED, {"plan": why, "items": backlog.held_back}) if backlog.held_back else why


def _ready(backlog: Backlog) -> Reason:
    found = [waiting for waiting in backlog.needs if waiting.ready]
    if len(found) < 2:
        return Reason(Code.READY, {"items": backlog.ready})
    needs = tuple(Reason(Code.READY_OF_NEED, {"items": each.ready, "need": each.need}) for each in found)
    return Reason(Code.READY_BY_NEED, {"items": backlog.ready, "needs": needs})


def _present(alive: int, starting: int) -> Reason:
    if starting:
        return Reason(Code.PRESENT_STARTING, {"containers": alive, "starting": starting})
    return Reason(Code.PRESENT, {"containers": alive})


def _for_needs(needs: Sequence[str], reason: Reason) -> Reason:
    return Reason(Code.FOR_NEEDS, {"needs": ", ".join(needs), "because": reason})


def _launches(batches: Sequence[int]) -> Reason:
    if not batches:
        return Reason(Code.LAUNCH_NONE)
    sizes = sorted(set(batches), reverse=True)
    if len(sizes) == 1:
        return Reason(Code.LAUNCH_ALIKE, {"containers": len(batches), "items": sizes[0]})
    shares = tuple(Reason(Code.LAUNCH_SHARE, {"containers": batches.count(size), "items": size}) for size in sizes)
    return Reason(Code.LAUNCH_MIXED, {"containers": len(batches), "shares": shares})
