"""Faults of the infrastructure: the network, S3, the disk, the cloud."""

import contextlib
import random

from chaos.cluster import ChaosCluster
from chaos.faults.log import FaultAction
from chaos.faults.processes import NO_CONTAINER, pick_worker
from chaos.proxies.s3 import FAULTS as S3_FAULTS
from sceneburst.counted import counted


def cut_connections(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Break half of the connections to Redis, some in the middle of a message."""
    count = cluster.redis_proxy.cut(0.5, draws)
    # A connection that breaks in the middle of its next message may do so a while later.
    return FaultAction(f"cut {counted(count, 'connection')}", frozenset(), 5.0) if count else None


def part_network(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Refuse every connection to Redis for about the length of a lease."""
    seconds = cluster.lease_s * draws.uniform(0.5, 1.8)
    return FaultAction(f"parted the network for {seconds:.1f} s", frozenset(), seconds, cluster.redis_proxy.block("refuse"))


def isolate_worker(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Refuse one worker's connections to Redis for longer than its lease."""
    worker = pick_worker(cluster, draws)
    seconds = cluster.lease_s * draws.uniform(1.0, 2.2)
    if worker is None:
        return None
    lift = cluster.redis_proxy.block("refuse", [worker.process.pid])
    return FaultAction(f"isolated {worker.container_id} for {seconds:.1f} s", frozenset({worker.container_id}), seconds, lift)


def black_hole(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Drop all bytes between one program and Redis without closing a connection; four times in five a worker's."""
    worker, is_worker = pick_worker(cluster, draws), draws.random() < 0.8
    seconds = draws.uniform(cluster.lease_s, 4 * cluster.lease_s)
    dispatchers = cluster.dispatchers()
    if is_worker and worker is not None:
        name, lift = worker.container_id, cluster.redis_proxy.block("swallow", [worker.process.pid])
        return FaultAction(f"{name} in a black hole for {seconds:.1f} s", frozenset({name}), seconds, lift)
    if is_worker or not dispatchers:
        return None
    picked = draws.choice(dispatchers)
    lift = cluster.redis_proxy.block("swallow", [picked.pid])
    return FaultAction(f"dispatcher {picked.pid} in a black hole for {seconds:.1f} s", NO_CONTAINER, seconds, lift)


def spoil_s3(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Let S3 answer with two of 500, 503, late and cut off for a while; half of the time for every request.

    If every request fails, boto3's five attempts are used up, and the item is retried after a pause.
    """
    faults = tuple(draws.sample(S3_FAULTS, 2))
    share, seconds = draws.choice((0.4, 1.0)), draws.uniform(2.0, 7.0)
    summary = f"s3 answers {' and '.join(faults)} to {share:.0%} for {seconds:.1f} s"
    return FaultAction(summary, frozenset(), seconds, cluster.s3_proxy.inject(faults, share))


def fill_disk(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Fill the workers' scratch space for a moment, if it is a file system of its own."""
    seconds = draws.uniform(0.5, 2.0)
    if not cluster.scratch_disk.is_mount():
        return None
    blob = cluster.scratch_disk / "blob"
    with contextlib.suppress(OSError), blob.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    return FaultAction(
        f"filled the scratch space for {seconds:.1f} s", frozenset(), seconds, lambda: blob.unlink(missing_ok=True)
    )


def reclaim_spot(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Reclaim one task as Spot does."""
    running = [task for task in cluster.ecs.cluster.running() if task.process and not task.stopping] if cluster.ecs else []
    if not cluster.ecs or not running:
        return None
    task = draws.choice(running)
    cluster.ecs.cluster.reclaim_spot(task)
    container_id = task.variables["SCENEBURST_CONTAINER_ID"]
    return FaultAction(f"spot reclaims {container_id}", frozenset({container_id}))


def lose_capacity(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Refuse all launches for lack of capacity, for a while."""
    if not cluster.ecs:
        return None
    exhausted = cluster.ecs.faults.exhausted
    exhausted.add((None, None, None))
    seconds = draws.uniform(3.0, 8.0)
    return FaultAction(f"no capacity for {seconds:.1f} s", NO_CONTAINER, seconds, exhausted.clear)
