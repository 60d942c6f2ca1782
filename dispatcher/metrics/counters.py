"""Counts the ends of containers since this dispatcher began to act."""

from collections.abc import Sequence

from dispatcher.decisions.reaper import Verdict
from dispatcher.fleet import FleetContainer


class Tally:
    """Starts that failed, and containers whose capacity was taken back."""

    def __init__(self) -> None:
        #: Launches that never said hello.
        self.starts_failed = 0
        #: Containers that Spot took.
        self.interrupted = 0
        #: Handles that were counted, as long as they are listed; None before the first look.
        self._counted: set[str] | None = None

    def look(self, running: Sequence[FleetContainer]) -> None:
        """Count what the fleet shows anew; what it shows at first look happened before our time."""
        shown = {container.handle for container in running if container.is_interrupted}
        if self._counted is not None:
            self.interrupted += len(shown - self._counted)
        self._counted = shown

    def judge(self, verdict: Verdict) -> None:
        """Count a verdict that was executed."""
        self.starts_failed += verdict.ends_as == "failed"
