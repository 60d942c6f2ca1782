"""Troubles of Redis: an unsafe or nearly full server, damaged numbers, parts that may not be read."""

from collections.abc import Iterator

from sceneburst.overview.codes import Code
from sceneburst.overview.facts import QueueFacts
from sceneburst.overview.trouble import Act, Severity, Trouble
from scenequeue.reasons import Reason
from scenequeue.structure.redis_health import find_problems

_NAMED_COUNTERS = 5
#: Problems of a Redis that refuses writes.
_REFUSING = frozenset({"disk", "replica"})


def unsafe_redis(facts: QueueFacts) -> Iterator[Trouble]:
    """Find the problems of the server by which work is lost or refused."""
    for problem in find_problems(facts.server or {}):
        if problem.name == "persistence" and facts.is_transient:
            continue
        is_full = problem.name == "memory"
        yield Trouble(
            key=f"redis problem={problem.name}",
            severity=Severity.STOPS if problem.name in _REFUSING else Severity.THREATENS,
            title=Reason(Code.TITLE_REDIS_FULL if is_full else Code.TITLE_REDIS),
            problem=problem.finding,
            remedy=Reason(Code.DO_GROW_REDIS) if is_full else problem.remedy,
            acts=(Act.SEE_DOCTOR,),
        )


def damaged_numbers(facts: QueueFacts) -> Iterator[Trouble]:
    """Find counters that another program has written over."""
    if facts.depth.malformed:
        names = ", ".join(facts.depth.malformed[:_NAMED_COUNTERS])
        yield Trouble(
            key="malformed",
            severity=Severity.THREATENS,
            title=Reason(Code.TITLE_MALFORMED),
            problem=Reason(Code.MALFORMED_NUMBERS, {"names": names}),
            remedy=Reason(Code.DO_FIND_WRITER),
            amount=len(facts.depth.malformed),
        )


def unreadable_part(facts: QueueFacts) -> Iterator[Trouble]:
    """Tell that a part of the facts may not be read, so that their troubles are unknown."""
    if facts.unreadable:
        yield Trouble(
            key="unreadable",
            severity=Severity.THREATENS,
            title=Reason(Code.TITLE_UNREADABLE),
            problem=Reason(Code.PART_UNREADABLE, {"problem": facts.unreadable}),
            remedy=Reason(Code.DO_RENEW_ACL),
            acts=(Act.SEE_DOCTOR,),
        )
