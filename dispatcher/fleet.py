"""The interface of a fleet: it launches, lists and stops containers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scenequeue.jobs.ids import ContainerId
from scenequeue.reasons import Reason


@dataclass(frozen=True)
class ContainerSize:
    """The size of a container. `vcpu` in cores, `memory_mib` in MiB."""

    vcpu: float
    memory_mib: int


@dataclass(frozen=True)
class Hardware:
    """The hardware of a fleet's containers, on which their price depends."""

    #: x86_64 or arm64.
    architecture: str = "x86_64"
    #: Ephemeral storage of each container; 0 where it costs nothing.
    ephemeral_gib: int = 0
    #: Regions in order of preference; empty where prices do not depend on one.
    regions: tuple[str, ...] = ()
    #: Spot capacity: preferred, with on-demand as a substitute; only; or never.
    spot: Literal["prefer", "only", "never"] = "never"
    #: The image that containers are started from, as the fleet names it; "" for this installation.
    image: str = ""


#: The sizes by `config_priority`.
SIZES: Mapping[int, ContainerSize] = {
    1: ContainerSize(2, 4096),
    2: ContainerSize(4, 8192),
    3: ContainerSize(8, 16384),
    4: ContainerSize(16, 32768),
    5: ContainerSize(1, 2048),
}


@dataclass(frozen=True)
class LaunchRequest:
    """One container to launch. `container_id` is the idempotency token: a second launch of it starts nothing."""

    container_id: ContainerId
    size: ContainerSize
    batch: int
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LaunchResult:
    """The outcome of one request. `handle` is the fleet's own name (ARN, container id); `error` is set if it failed."""

    container_id: ContainerId
    handle: str = ""
    region: str = ""
    is_spot: bool = False
    #: The file with the container's output, if it is written to one.
    log: str = ""
    error: Reason | None = None
    #: With an error: True if the same launch may succeed in a later tick (no capacity, throttled).
    transient: bool = True
    #: With an error: True if at least one placement had no capacity.
    lacks_capacity: bool = False


@dataclass(frozen=True)
class FleetContainer:
    """A container as the fleet lists it. `container_id` is "" for one without an id of ours."""

    handle: str
    container_id: ContainerId
    is_running: bool
    started_ms: int = 0
    stopped_reason: Reason | None = None
    exit_code: int | None = None
    #: True if its Spot capacity was taken back, though it may still run for a while.
    is_interrupted: bool = False


class Fleet(Protocol):
    """A place that runs containers. All three methods may raise FleetError, and are safe to repeat."""

    name: str

    @property
    def hardware(self) -> Hardware:
        """Return the hardware of the fleet's containers."""
        ...

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Start containers; return one result per request, in order. A single refused launch is a result, not an exception."""
        ...

    def list(self) -> list[FleetContainer]:
        """Return the containers of this namespace that are starting or running, and those that ended lately."""
        ...

    def stop(self, handle: str, reason: Reason) -> None:
        """Stop one container: SIGTERM, then SIGKILL after its grace period. A container that is gone is a success."""
        ...
