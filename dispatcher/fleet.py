"""The interface of a fleet: a place that can run containers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scenequeue.jobs.ids import ContainerId


@dataclass(frozen=True)
class ContainerSize:
    """The size of a container. `vcpu` in cores, `memory_mib` in MiB."""

    vcpu: float
    memory_mib: int


@dataclass(frozen=True)
class Hardware:
    """The hardware of all containers of a fleet; it has a part in their price."""

    #: x86_64 or arm64.
    architecture: str = "x86_64"
    #: Ephemeral storage of each; 0 where none is paid for.
    ephemeral_gib: int = 0
    #: Where they may run, in order of preference; none where the place has no price of its own.
    regions: tuple[str, ...] = ()
    #: Whether they run on Spot capacity: where there is some, always, or never.
    spot: Literal["prefer", "only", "never"] = "never"
    #: What they are started from, as the fleet names it; "" where that is this installation.
    image: str = ""


#: The article's five sizes by priority.
SIZES: Mapping[int, ContainerSize] = {
    1: ContainerSize(2, 4096),
    2: ContainerSize(4, 8192),
    3: ContainerSize(8, 16384),
    4: ContainerSize(16, 32768),
    5: ContainerSize(1, 2048),
}


@dataclass(frozen=True)
class LaunchRequest:
    """One container to launch. `container_id` is also the idempotency token: launching it twice starts one."""

    container_id: ContainerId
    size: ContainerSize
    batch: int
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LaunchResult:
    """The outcome of one request. `handle` is the fleet's own name (ARN, pid); `error` is set when it failed."""

    container_id: ContainerId
    handle: str = ""
    region: str = ""
    is_spot: bool = False
    #: File that the container's output goes to, where that is a file.
    log: str = ""
    error: str = ""
    #: With an error: whether the same launch may succeed at a later tick (no capacity, throttled).
    transient: bool = True
    #: With an error: whether there was no room for it, in one place at least.
    lacks_capacity: bool = False


@dataclass(frozen=True)
class FleetContainer:
    """A container as the fleet itself sees it. `container_id` is "" for one that carries no id of ours."""

    handle: str
    container_id: ContainerId
    is_running: bool
    started_ms: int = 0
    stopped_reason: str = ""
    exit_code: int | None = None
    #: Its capacity was taken back (Spot), whether it has ended already or has some time left.
    is_interrupted: bool = False


class Fleet(Protocol):
    """A place that can run containers. All three methods may raise FleetError and are safe to call again."""

    name: str

    @property
    def hardware(self) -> Hardware:
        """Return the hardware of its containers."""
        ...

    def launch(self, requests: Sequence[LaunchRequest]) -> list[LaunchResult]:
        """Start containers; one result per request, in order. Never raises for a single refused launch."""
        ...

    def list(self) -> list[FleetContainer]:
        """Every container of this namespace that is starting or running, and those that ended lately."""
        ...

    def stop(self, handle: str, reason: str) -> None:
        """Ask one container to stop (SIGTERM, then SIGKILL after its grace). Already gone is success."""
        ...
