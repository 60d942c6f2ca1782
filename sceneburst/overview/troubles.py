"""Finds all troubles of a queue, the worst first: a pure function of the facts."""

from collections.abc import Callable, Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.rules import containers, launches, letters, pauses, programs, server
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.reasons import Reason

#: In the order of troubles that are equally bad.
RULES: tuple[Callable[[QueueFacts], Iterator[Trouble]], ...] = (
    pauses.pauses,
    programs.missing_dispatcher,
    server.unsafe_redis,
    launches.unseen_fleet,
    launches.refused_launches,
    launches.false_starts,
    launches.unserved_needs,
    launches.spent_budget,
    containers.silent_containers,
    containers.lost_containers,
    letters.dead_letters,
    letters.failing_retries,
    containers.stuck_items,
    programs.failing_callbacks,
    server.damaged_numbers,
    server.unreadable_part,
)


def troubles_of(facts: QueueFacts) -> tuple[Trouble, ...]:
    """Return the troubles: first the worst, then by the order of the rules, then the largest."""
    found = [(rank, trouble) for rank, rule in enumerate(RULES) for trouble in rule(facts)]
    found.sort(key=lambda each: (each[1].severity, each[0], -(each[1].amount or 0), each[1].key))
    return tuple(trouble for _, trouble in found)


def unreachable(problem: Reason) -> Trouble:
    """Return the trouble that Redis does not answer, so that nothing else is known."""
    return Trouble(
        key="unreachable",
        severity=Severity.STOPS,
        title=Reason(Code.TITLE_UNREACHABLE),
        problem=problem,
        remedy=Reason(Code.DO_REACH_REDIS),
        acts=(Act.SEE_DOCTOR,),
    )
