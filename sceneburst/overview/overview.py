"""Defines the front view: troubles, money, numbers, and the reason for the containers that there are."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sceneburst.overview.trouble import Trouble
from scenequeue.jobs.job import Lane
from scenequeue.published.decision import Decision
from scenequeue.reasons import Reason


@dataclass(frozen=True)
class Money:
    """Costs in USD. On fleets other than Fargate, what the same containers would cost there."""

    #: Of the containers that are there; None if no dispatcher acts.
    usd_per_hour: float | None
    #: None without a budget.
    budget_usd_per_hour: float | None
    #: Since midnight UTC; None if it was not recorded.
    usd_today: float | None
    #: Per item done in this hour and the last one, and in the week before; None if none was done.
    usd_per_item: float | None
    usual_usd_per_item: float | None
    #: Time at which all that is ready is done; None if unknown, for the reason in `unknown`.
    done_at_ms: int | None
    #: Also the reason that nothing is to be done.
    unknown: Reason | None


@dataclass(frozen=True)
class Numbers:
    """Items by state; each number is of the whole queue."""

    ready: int
    ready_by_lane: Mapping[Lane, int]
    #: The longest time that a job with ready items has waited; None without any.
    oldest_s: float | None
    #: Leased by containers.
    in_flight: int
    #: Waiting for their next attempt.
    delayed: int
    #: Items of later stages, which wait for earlier ones of their job.
    waiting: int
    #: Of the ready items, those that are not leased as they, their lane or their job is paused.
    paused: int
    dead: int
    #: Since the queue began, and in the last full minute.
    done: int
    done_last_minute: int | None


@dataclass(frozen=True)
class Containers:
    """The containers of the dispatcher, and the reason that there are so many."""

    running: int
    starting: int
    #: None if unknown.
    most: int | None
    #: The last plan; None if no dispatcher acts.
    why: Reason | None
    why_ms: int | None


@dataclass(frozen=True)
class Overview:
    """The front view at one moment."""

    #: Redis clock.
    at_ms: int
    #: The worst first.
    troubles: tuple[Trouble, ...]
    money: Money
    numbers: Numbers
    containers: Containers
    #: The newest first.
    decisions: tuple[Decision, ...] = ()

    def to_people(self) -> dict[str, Any]:
        """Return it as plain data, with sentences."""
        money, numbers, containers = asdict(self.money), asdict(self.numbers), asdict(self.containers)
        money["unknown"] = self.money.unknown.to_people() if self.money.unknown else None
        numbers["ready_by_lane"] = {lane.value: ready for lane, ready in self.numbers.ready_by_lane.items()}
        containers["why"] = self.containers.why.to_people() if self.containers.why else None
        troubles = [trouble.to_people() for trouble in self.troubles]
        decisions = [decision.to_people() for decision in self.decisions]
        parts = {"money": money, "numbers": numbers, "containers": containers, "decisions": decisions}
        return {"at_ms": self.at_ms, "troubles": troubles, **parts}
