"""Lists every fault: its weight, and the errors it may cause; any other lost attempt is a broken promise."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from chaos.cluster import ChaosCluster
from chaos.faults import infrastructure, processes, redis, worker
from chaos.faults.log import FaultAction
from chaos.faults.newer_version import submit_newer

_LOST = frozenset({"ContainerLost", "LeaseExpired"})
#: Needs a Redis with a movable clock, which not every run has.
MOVE_CLOCK = "move-clock"


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    #: Returns None if there was nothing to inject it into.
    inject: Callable[[ChaosCluster, random.Random], FaultAction | None]
    #: Frequency relative to the others.
    weight: int
    #: Errors with which an attempt may end because of it, and the maximum number of attempts per item.
    causes: frozenset[str] = frozenset()
    max_attempts: int = 1
    #: Fleets on which it is possible.
    fleets: tuple[str, ...] = ("process", "fargate")


FAULTS: dict[str, Fault] = {
    "kill-worker": Fault(processes.kill_worker, 6, _LOST),
    "kill-upload": Fault(processes.kill_upload, 2, _LOST),
    "drain-worker": Fault(processes.drain_worker, 3, _LOST),
    # A frozen worker's children are not frozen: their time limits run on.
    "freeze-worker": Fault(processes.freeze_worker, 3, _LOST | {"LimitExceeded", "StorageUnavailable"}, max_attempts=2),
    "kill-encoder": Fault(worker.kill_encoder, 4, frozenset({"LimitExceeded", "ToolFailed"})),
    "freeze-encoder": Fault(worker.freeze_encoder, 2, frozenset({"LimitExceeded", "ToolFailed"})),
    "kill-dispatcher": Fault(processes.kill_dispatcher, 2),
    "freeze-dispatcher": Fault(processes.freeze_dispatcher, 1),
    "restart-redis": Fault(redis.restart_redis, 2, _LOST),
    # A resumed server executes commands sent meanwhile: the answer to a lease may be lost.
    "freeze-redis": Fault(redis.freeze_redis, 1, _LOST, max_attempts=2),
    "fill-redis": Fault(redis.fill_redis, 2, _LOST, max_attempts=2),
    "fill-aof": Fault(redis.fill_aof, 2, _LOST, max_attempts=2),
    # The lost writes may be a lease, or the end of one.
    "fail-over": Fault(redis.fail_over, 2, _LOST, max_attempts=2),
    # A clock that jumps forward expires every lease; so does one that was set back and returns.
    MOVE_CLOCK: Fault(redis.move_clock, 1, _LOST, max_attempts=2),
    # The connection may be cut while it carries the answer to a lease.
    "cut-connections": Fault(infrastructure.cut_connections, 4, _LOST, max_attempts=2),
    "part-network": Fault(infrastructure.part_network, 1, _LOST, max_attempts=2),
    "isolate-worker": Fault(infrastructure.isolate_worker, 2, _LOST, max_attempts=2),
    "black-hole": Fault(infrastructure.black_hole, 2, _LOST, max_attempts=2),
    "spoil-s3": Fault(infrastructure.spoil_s3, 3, frozenset({"StorageUnavailable"}), max_attempts=6),
    "fill-disk": Fault(infrastructure.fill_disk, 2, frozenset({"DiskFull"}), max_attempts=4),
    "break-scratch": Fault(worker.break_scratch, 1),
    "few-files": Fault(worker.few_files, 2),
    "newer-version": Fault(submit_newer, 1),
    "reclaim-spot": Fault(infrastructure.reclaim_spot, 2, _LOST, fleets=("fargate",)),
    "lose-capacity": Fault(infrastructure.lose_capacity, 1, fleets=("fargate",)),
}
#: Faults that are always present, instead of being drawn: producers killed while they submit, and workers with a wrong clock.
STANDING = {"kill-producer": frozenset[str](), "wrong-clock": frozenset({"SettingsError", "StorageUnavailable"})}
#: Bound per item of a standing fault, because a container with a wrong clock keeps it.
MAX_ATTEMPTS_OF_STANDING = 100


def faults_of(fleet: str) -> list[str]:
    """List the faults that are possible on a fleet."""
    return [name for name, fault in FAULTS.items() if fleet in fault.fleets]


def causes_of(name: str) -> tuple[frozenset[str], int]:
    """Return the errors that a fault may cause, and its bound of attempts per item."""
    if name in FAULTS:
        return FAULTS[name].causes, FAULTS[name].max_attempts
    return STANDING[name], MAX_ATTEMPTS_OF_STANDING
