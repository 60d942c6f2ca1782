"""Holds the operator's settings in the form that decisions use."""

from dataclasses import dataclass
from typing import Literal

from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.pricing import usd_per_hour
from dispatcher.fleet import SIZES, ContainerSize


@dataclass(frozen=True)
class Policy:
    """The operator's policy; names and units as in DispatcherSettings."""

    policy: Literal["batch", "deadline", "budget"] = "batch"
    scenes_per_batch: int = 10
    min_scenes_per_batch: int = 5
    max_parallel_tasks: int = 10
    max_containers: int = 100
    min_containers: int = 0
    #: The burst that Fargate allows after a pause; further calls are paced by its rate limit.
    launches_per_tick: int = 100
    deadline_s: float = 600.0
    budget_usd_per_hour: float | None = None
    config_priority: int = 1
    slots: int = 0
    hello_timeout_s: float = 180.0
    #: From a launch to its first lease; on Fargate image pull and start (AWS: 30 to 60 s).
    start_up_s: float = 45.0
    #: Minimum time that is billed for a container.
    min_billed_s: float = 60.0
    #: Assumptions for the price of the next container, before it is known where it runs: Spot only if nothing else is launched,
    #: and the most expensive region that it may run in.
    is_spot: bool = False
    region: str = ""
    architecture: str = "x86_64"
    #: Ephemeral storage of each container.
    ephemeral_gib: int = 0

    @property
    def size(self) -> ContainerSize:
        """Size of a container unless a job wishes another."""
        return SIZES[self.config_priority]

    @property
    def slots_each(self) -> int:
        """Slots of a container of that size."""
        return self.slots_of(self.config_priority)

    @property
    def usd_per_hour_each(self) -> float:
        """Maximum price of one more container, in dollars an hour."""
        return self.usd_per_hour_of(self.config_priority)

    def slots_of(self, config_priority: int) -> int:
        """Return the slots of a container of this size."""
        return self.slots or max(1, int(SIZES[config_priority].vcpu))

    def usd_per_hour_of(self, config_priority: int) -> float:
        """Return the maximum price of a container of this size, in dollars an hour."""
        size, storage_gib = SIZES[config_priority], self.ephemeral_gib
        return usd_per_hour(
            size.vcpu, size.memory_mib, self.region, self.architecture, is_spot=self.is_spot, ephemeral_gib=storage_gib
        )

    def profile(self, name: str = "", serves: frozenset[str] | None = None, to_probe: frozenset[str] = frozenset()) -> Profile:
        """Describe the operator's fleet with this image."""
        return Profile(
            name,
            usd_per_hour={priority: self.usd_per_hour_of(priority) for priority in SIZES},
            slots={priority: self.slots_of(priority) for priority in SIZES},
            config_priority=self.config_priority,
            serves=serves,
            to_probe=to_probe,
            start_up_s=self.start_up_s,
            min_billed_s=self.min_billed_s,
        )
