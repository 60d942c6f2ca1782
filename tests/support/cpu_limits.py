"""Limits of a child that include CPU time, for tests whose child must end soon."""

from dataclasses import dataclass

from container_worker.sandbox.limits import Limits

#: Seconds that confine.py leaves between the soft and the hard limit.
MARGIN_S = 5


@dataclass(frozen=True)
class CpuLimits(Limits):
    """As an operator's `ulimit -t` sets them."""

    #: CPU seconds of each process.
    cpu_s: int = 30

    def arguments(self) -> list[str]:
        """These limits as confine.py takes them."""
        return [*super().arguments(), f"RLIMIT_CPU={self.cpu_s + MARGIN_S}"]
