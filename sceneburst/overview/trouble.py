"""Defines a trouble: something that an operator should act on, with what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from scenequeue.reasons import Reason


class Severity(IntEnum):
    """Grades of troubles, the worst first."""

    #: Work, or a part of it, stands still until somebody acts.
    STOPS = 0
    #: Items fail, or containers are paid for in vain.
    FAILS = 1
    #: All is worked on, but something may be lost or stop later.
    THREATENS = 2


class Act(StrEnum):
    """An act that is offered to operators with a trouble; its target is the trouble's `target`."""

    SEE_LETTERS = "see_letters"
    TRY_TEN = "try_ten"
    REQUEUE = "requeue"
    DISCARD = "discard"
    RESUME = "resume"
    SEE_CONTAINERS = "see_containers"
    SEE_JOB = "see_job"
    CANCEL_JOB = "cancel_job"
    PAUSE_JOB = "pause_job"
    SEE_LIMITS = "see_limits"
    SEE_DOCTOR = "see_doctor"


@dataclass(frozen=True)
class Spread:
    """The jobs and labels that a trouble concerns."""

    #: Number of jobs, and of different labels (name and value) of these jobs.
    jobs: int
    labels: int
    #: False if only the newest items were looked at: then there are at least so many.
    is_whole: bool
    #: Some of the labels, as name=value, the most frequent first.
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """One trouble, as of one moment. Times are Unix milliseconds of the Redis clock."""

    #: Names it in the following snapshots too, such as "letters reason=object_missing" or "paused lane=bulk".
    key: str
    severity: Severity
    #: A few words, with its amount: "22,121 dead", "lane bulk paused".
    title: Reason
    #: What is wrong, with which input.
    problem: Reason
    #: What to do.
    remedy: Reason
    #: Number of items, launches, containers or callbacks that it concerns; None if it is not about a number of things.
    amount: int | None = None
    #: Its begin; None if unknown.
    since_ms: int | None = None
    #: More of it in the last minute; None if that is not measured.
    per_minute: int | None = None
    #: Time of the next try; None if none is known.
    next_ms: int | None = None
    spread: Spread | None = None
    #: Acts that may mend it, the mildest first, and what they are about: reason, lane, job, container, limit.
    acts: tuple[Act, ...] = ()
    target: Mapping[str, str] = field(default_factory=dict)

    def to_people(self) -> dict[str, Any]:
        """Return it as plain data, with sentences."""
        spread = self.spread
        return {
            "key": self.key,
            "severity": self.severity.name.lower(),
            "title": self.title.to_people(),
            "problem": self.problem.to_people(),
            "remedy": self.remedy.to_people(),
            "amount": self.amount,
            "since_ms": self.since_ms,
            "per_minute": self.per_minute,
            "next_ms": self.next_ms,
            "jobs": spread.jobs if spread else None,
            "labels": spread.labels if spread else None,
            "labels_named": list(spread.named) if spread else [],
            "is_whole": spread.is_whole if spread else None,
            "acts": [act.value for act in self.acts],
            "target": dict(self.target),
        }
