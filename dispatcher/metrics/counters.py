"""Counts failed starts and interrupted containers since this dispatcher became active."""

from collections.abc import Sequence

from dispatcher.decisions.reaper import Verdict
from dispatcher.fleet import FleetContainer


class Counters:
    """The counts of failed starts and of Spot interruptions."""

    def __init__(self) -> None:
        #: Launches that never said hello.
        self.starts_failed = 0
        #: Containers whose Spot capacity was taken back.
        self.interrupted = 0
        #: Handles that have been counted and are still listed; None before the first listing.
        self._counted: set[str] | None = None

    def count_interruptions(self, running: Sequence[FleetContainer]) -> None:
        """Count interruptions that are new in the listing; those in the first listing are older than this dispatcher."""
        listed = {container.handle for container in running if container.is_interrupted}
        if self._counted is not None:
            self.interrupted += len(listed - self._counted)
        self._counted = listed

    def count_verdict(self, verdict: Verdict) -> None:
        """Count a verdict that was executed."""
        self.starts_failed += verdict.ends_as == "failed"
