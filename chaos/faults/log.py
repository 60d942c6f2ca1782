"""Records the faults with their targets and times; lost attempts are attributed by this record."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.clock import now_ms
from chaos.scenes import PlannedJob


def _nothing() -> None:
    """Undo nothing."""


@dataclass(frozen=True)
class FaultAction:
    """The effect of one fault at the moment of its injection, and the way to undo it."""

    #: One line for the run's log.
    summary: str
    #: Ids of the affected containers; empty if all may be affected.
    containers: frozenset[str] = frozenset()
    lasts_s: float = 0.0
    #: May return ids of containers that were affected only by the undoing.
    undo: Callable[[], frozenset[str] | None] = _nothing
    #: A job to submit as part of the fault.
    job: PlannedJob | None = None
    #: Writes that Redis acknowledged since then (Unix ms) may be lost; None if no write is lost.
    lost_writes_since_ms: int | None = None
    #: Called after `undo`; True if the fault had its intended effect. None if the effect shows in events and logs.
    had_effect: Callable[[], bool] | None = None


@dataclass
class InjectedFault:
    """One fault that was injected. Times are Unix milliseconds of this machine's clock."""

    name: str
    began_ms: int
    containers: frozenset[str] = frozenset()
    #: None while it lasts.
    ended_ms: int | None = None
    #: The dispatchers' fencing number when it began.
    fence: int = 0
    #: True if it had its intended effect; None if the fault itself cannot tell.
    had_effect: bool | None = None

    def covers(self, at_ms: int, slack_ms: int, until_ms: int | None = None) -> bool:
        """Return True if an event between `at_ms` and `until_ms` can be its consequence, at most `slack_ms` after its end."""
        return self.began_ms <= max(at_ms, until_ms or 0) and (self.ended_ms is None or at_ms <= self.ended_ms + slack_ms)


@dataclass
class FaultLog:
    """All faults injected in a run."""

    all: list[InjectedFault] = field(default_factory=list)

    def begin(self, name: str, action: FaultAction, fence: int) -> InjectedFault:
        """Record a fault, dated one second back because it acted before this call."""
        fault = InjectedFault(name, now_ms() - 1000, action.containers, None if action.lasts_s else now_ms(), fence)
        self.all.append(fault)
        return fault

    def counts(self) -> dict[str, int]:
        """Count the injections by the fault's name."""
        names = [fault.name for fault in self.all]
        return {name: names.count(name) for name in sorted(set(names))}
