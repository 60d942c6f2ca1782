"""What may happen at any moment, how often it comes, and what it may do to an item: no more than that is forgiven."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from chaos.cluster import ChaosCluster
from chaos.faults import infrastructure, processes, redis, worker
from chaos.faults.log import Strike
from chaos.faults.newer import submit_newer

_LOST = frozenset({"ContainerLost", "LeaseExpired"})
#: Not every run has a clock that can be moved.
MOVE_CLOCK = "move-clock"


@dataclass(frozen=True)
class Fault:
    """One way to break something."""

    #: None where there was nothing to hit.
    strike: Callable[[ChaosCluster, random.Random], Strike | None]
    #: How often it comes relative to the others.
    weight: int
    #: With which errors an attempt may end because of it, and how many attempts at the same item.
    causes: frozenset[str] = frozenset()
    most: int = 1
    #: Where it can happen.
    fleets: tuple[str, ...] = ("process", "fargate")


FAULTS: dict[str, Fault] = {
    "kill-worker": Fault(processes.kill_worker, 6, _LOST),
    "kill-upload": Fault(processes.kill_upload, 2, _LOST),
    "drain-worker": Fault(processes.drain_worker, 3, _LOST),
    # A frozen worker's children are not: their time goes on.
    "freeze-worker": Fault(processes.freeze_worker, 3, _LOST | {"LimitExceeded", "StorageUnavailable"}, most=2),
    "kill-encoder": Fault(worker.kill_encoder, 4, frozenset({"LimitExceeded", "ToolFailed"})),
    "freeze-encoder": Fault(worker.freeze_encoder, 2, frozenset({"LimitExceeded", "ToolFailed"})),
    "kill-dispatcher": Fault(processes.kill_dispatcher, 2),
    "freeze-dispatcher": Fault(processes.freeze_dispatcher, 1),
    "restart-redis": Fault(redis.restart_redis, 2, _LOST),
    # What a frozen server had been sent it does when it wakes: the answer to a lease may find nobody.
    "freeze-redis": Fault(redis.freeze_redis, 1, _LOST, most=2),
    "fill-redis": Fault(redis.fill_redis, 2, _LOST, most=2),
    "fill-aof": Fault(redis.fill_aof, 2, _LOST, most=2),
    # A lease, and the end of one, may be what is forgotten.
    "fail-over": Fault(redis.fail_over, 2, _LOST, most=2),
    # Forward, every lease is over at once; so it is when a clock that was set back returns.
    MOVE_CLOCK: Fault(redis.move_clock, 1, _LOST, most=2),
    # The answer to a lease may be what was cut: then nobody knows of it.
    "cut-connections": Fault(infrastructure.cut_connections, 4, _LOST, most=2),
    "part-network": Fault(infrastructure.part_network, 1, _LOST, most=2),
    "isolate-worker": Fault(infrastructure.isolate_worker, 2, _LOST, most=2),
    "black-hole": Fault(infrastructure.black_hole, 2, _LOST, most=2),
    "spoil-s3": Fault(infrastructure.spoil_s3, 3, frozenset({"StorageUnavailable"}), most=6),
    "fill-disk": Fault(infrastructure.fill_disk, 2, frozenset({"DiskFull"}), most=4),
    "break-scratch": Fault(worker.break_scratch, 1),
    "few-files": Fault(worker.few_files, 2),
    "newer-version": Fault(submit_newer, 1),
    "reclaim-spot": Fault(infrastructure.reclaim_spot, 2, _LOST, fleets=("fargate",)),
    "lose-capacity": Fault(infrastructure.lose_capacity, 1, fleets=("fargate",)),
}
#: What stands beside them all the time: producers killed while they submit, and workers whose clock S3 refuses.
STANDING = {"kill-producer": frozenset[str](), "wrong-clock": frozenset({"SettingsError", "StorageUnavailable"})}
#: How often a standing one may end attempts at the same item: a container with a wrong clock lasts.
MOST_STANDING = 100


def faults_of(fleet: str) -> list[str]:
    """Names of those that can happen there."""
    return [name for name, fault in FAULTS.items() if fleet in fault.fleets]


def causes_of(name: str) -> tuple[frozenset[str], int]:
    """The errors that a fault may cause, and at most how often at one item."""
    if name in FAULTS:
        return FAULTS[name].causes, FAULTS[name].most
    return STANDING[name], MOST_STANDING
