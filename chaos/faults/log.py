"""What was done to whom, and when: the record by which losses are judged."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.clock import now_ms
from chaos.scenes import PlannedJob


def _nothing() -> None:
    """There is nothing to undo."""


@dataclass(frozen=True)
class Strike:
    """What a fault did just now."""

    said: str
    #: Container ids; none: it may befall everybody.
    containers: frozenset[str] = frozenset()
    lasts_s: float = 0.0
    #: What it returns are container ids that it struck only then.
    undo: Callable[[], frozenset[str] | None] = _nothing
    #: A job that it brings.
    job: PlannedJob | None = None
    #: Since when (ms) Redis may have answered what it will not know of afterwards; None: it forgets nothing.
    forgets_since_ms: int | None = None
    #: Asked when it has been undone: whether it had the effect that it is there for. None: others tell.
    has_worked: Callable[[], bool] | None = None


@dataclass
class Hit:
    """One fault that found something to hit. Times are Unix milliseconds, of the one clock of this machine."""

    name: str
    began_ms: int
    containers: frozenset[str] = frozenset()
    #: None while it lasts.
    ended_ms: int | None = None
    #: The dispatchers' fencing number when it began.
    fence: int = 0
    #: Whether it had its effect, where the fault itself could tell.
    has_worked: bool | None = None

    def covers(self, at_ms: int, slack_ms: int, until_ms: int | None = None) -> bool:
        """True if something at this moment, or between both, may come of it, so long after its end at most."""
        return self.began_ms <= max(at_ms, until_ms or 0) and (self.ended_ms is None or at_ms <= self.ended_ms + slack_ms)


@dataclass
class Hits:
    """All hits of a run."""

    all: list[Hit] = field(default_factory=list)

    def begin(self, name: str, strike: Strike, fence: int) -> Hit:
        """Note a strike, as from a moment ago."""
        hit = Hit(name, now_ms() - 1000, strike.containers, None if strike.lasts_s else now_ms(), fence)
        self.all.append(hit)
        return hit

    def counts(self) -> dict[str, int]:
        """How often each."""
        names = [hit.name for hit in self.all]
        return {name: names.count(name) for name in sorted(set(names))}
