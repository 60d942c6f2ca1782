"""Faults of what the programs stand on: the network, S3, the disk, the cloud."""

import contextlib
import random

from chaos.cluster import ChaosCluster
from chaos.faults.log import Strike
from chaos.faults.processes import NOBODY, chosen
from chaos.proxies.s3 import FAULTS as S3_FAULTS
from scenequeue.counted import counted


def cut_connections(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """Break half of the connections to Redis, some in the middle of what they carry."""
    count = cluster.redis_proxy.cut(0.5, draws)
    # One that is torn by what it carries next may be so a while later.
    return Strike(f"cut {counted(count, 'connection')}", frozenset(), 5.0) if count else None


def part_network(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """Nobody reaches Redis for about a lease."""
    seconds = cluster.lease_s * draws.uniform(0.5, 1.8)
    return Strike(f"parted the network for {seconds:.1f} s", frozenset(), seconds, cluster.redis_proxy.bar("refuse"))


def isolate_worker(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """One worker alone is refused by Redis, past its lease."""
    worker = chosen(cluster, draws)
    seconds = cluster.lease_s * draws.uniform(1.0, 2.2)
    if worker is None:
        return None
    lift = cluster.redis_proxy.bar("refuse", [worker.process.pid])
    return Strike(f"isolated {worker.container_id} for {seconds:.1f} s", frozenset({worker.container_id}), seconds, lift)


def black_hole(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """One program's bytes to and from Redis vanish, and no connection closes: four times in five a worker's."""
    worker, is_worker = chosen(cluster, draws), draws.random() < 0.8
    seconds = draws.uniform(cluster.lease_s, 4 * cluster.lease_s)
    dispatchers = cluster.dispatchers()
    if is_worker and worker is not None:
        name, lift = worker.container_id, cluster.redis_proxy.bar("swallow", [worker.process.pid])
        return Strike(f"{name} in a black hole for {seconds:.1f} s", frozenset({name}), seconds, lift)
    if is_worker or not dispatchers:
        return None
    struck = draws.choice(dispatchers)
    lift = cluster.redis_proxy.bar("swallow", [struck.pid])
    return Strike(f"dispatcher {struck.pid} in a black hole for {seconds:.1f} s", NOBODY, seconds, lift)


def spoil_s3(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """For a while S3 answers with two of 500, 503, late and broken off; half of the time to every request.

    Then boto3's own five attempts are used up, and the item comes again after a pause.
    """
    faults = tuple(draws.sample(S3_FAULTS, 2))
    share, seconds = draws.choice((0.4, 1.0)), draws.uniform(2.0, 7.0)
    said = f"s3 answers {' and '.join(faults)} to {share:.0%} for {seconds:.1f} s"
    return Strike(said, frozenset(), seconds, cluster.s3_proxy.spoil(faults, share))


def fill_disk(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """The workers' scratch space is full for a moment, where it is a file system of its own."""
    seconds = draws.uniform(0.5, 2.0)
    if not cluster.scratch_disk.is_mount():
        return None
    blob = cluster.scratch_disk / "blob"
    with contextlib.suppress(OSError), blob.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    return Strike(f"filled the scratch space for {seconds:.1f} s", frozenset(), seconds, lambda: blob.unlink(missing_ok=True))


def reclaim_spot(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """Spot takes a machine back."""
    running = [task for task in cluster.ecs.cluster.running() if task.process and not task.stopping] if cluster.ecs else []
    if not cluster.ecs or not running:
        return None
    task = draws.choice(running)
    cluster.ecs.cluster.reclaim_spot(task)
    container_id = task.variables["SCENEBURST_CONTAINER_ID"]
    return Strike(f"spot reclaims {container_id}", frozenset({container_id}))


def lose_capacity(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """For a while there is no room anywhere."""
    if not cluster.ecs:
        return None
    exhausted = cluster.ecs.faults.exhausted
    exhausted.add((None, None, None))
    seconds = draws.uniform(3.0, 8.0)
    return Strike(f"no capacity for {seconds:.1f} s", NOBODY, seconds, exhausted.clear)
