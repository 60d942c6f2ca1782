"""Holds the operator's settings as decisions use them."""

from dataclasses import dataclass
from typing import Literal

from dispatcher.decisions.planning.backlog import Profile
from dispatcher.decisions.pricing import usd_per_hour
from dispatcher.fleet import SIZES, ContainerSize


@dataclass(frozen=True)
class Policy:
    """The operator's wishes; names and units as in DispatcherSettings."""

    policy: Literal["batch", "deadline", "budget"] = "batch"
    scenes_per_batch: int = 10
    min_scenes_per_batch: int = 5
    max_parallel_tasks: int = 10
    max_containers: int = 100
    min_containers: int = 0
    #: The burst that Fargate allows after a pause; what comes faster than it allows is paced call by call.
    launches_per_tick: int = 100
    deadline_s: float = 600.0
    budget_usd_per_hour: float | None = None
    config_priority: int = 1
    slots: int = 0
    hello_timeout_s: float = 180.0
    #: From a launch to its first lease; on Fargate image pull and start (AWS: 30 to 60 s).
    start_up_s: float = 45.0
    #: Paid for at least, however short a container lives.
    billed_least_s: float = 60.0
    #: What one more container is counted as before it is known where it runs: on Spot only where nothing else is launched,
    #: in the most expensive region that it may come to.
    is_spot: bool = False
    region: str = ""
    architecture: str = "x86_64"
    #: Ephemeral storage of each.
    ephemeral_gib: int = 0

    @property
    def size(self) -> ContainerSize:
        """Size of a container that no job wishes otherwise."""
        return SIZES[self.config_priority]

    @property
    def slots_each(self) -> int:
        """Slots of such a container."""
        return self.slots_of(self.config_priority)

    @property
    def usd_per_hour_each(self) -> float:
        """The most that one more container may cost."""
        return self.usd_per_hour_of(self.config_priority)

    def slots_of(self, config_priority: int) -> int:
        """Slots of a container of this size."""
        return self.slots or max(1, int(SIZES[config_priority].vcpu))

    def usd_per_hour_of(self, config_priority: int) -> float:
        """The most that a container of this size may cost."""
        size, storage_gib = SIZES[config_priority], self.ephemeral_gib
        return usd_per_hour(
            size.vcpu, size.memory_mib, self.region, self.architecture, is_spot=self.is_spot, ephemeral_gib=storage_gib
        )

    def profile(self, name: str = "", serves: frozenset[str] | None = None, to_probe: frozenset[str] = frozenset()) -> Profile:
        """The operator's fleet, with this image."""
        return Profile(
            name,
            usd_per_hour={priority: self.usd_per_hour_of(priority) for priority in SIZES},
            slots={priority: self.slots_of(priority) for priority in SIZES},
            config_priority=self.config_priority,
            serves=serves,
            to_probe=to_probe,
            start_up_s=self.start_up_s,
            billed_least_s=self.billed_least_s,
        )
