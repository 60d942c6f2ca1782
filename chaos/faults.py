"""What may happen at any moment. Each fault is one function of the cluster and the draws; it says what it did."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable

import psutil

from chaos.cluster import ChaosCluster

#: "" means that there was nothing to hit.
Fault = Callable[[ChaosCluster, random.Random], str]


def kill_worker(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGKILL: as the kernel's out-of-memory killer, or a machine that is gone."""
    return _signalled(cluster.workers(), draws, signal.SIGKILL, "killed worker")


def drain_worker(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGTERM: as Spot does."""
    return _signalled(cluster.workers(), draws, signal.SIGTERM, "terminated worker")


def freeze_worker(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGSTOP past its lease, then SIGCONT: it wakes with a stale token."""
    workers = cluster.workers()
    if not workers:
        return ""
    frozen = draws.choice(workers)
    seconds = cluster.lease_s * draws.uniform(1.2, 2.0)
    with contextlib.suppress(psutil.Error):
        frozen.suspend()
    threading.Timer(seconds, lambda: _wake(frozen)).start()
    return f"froze worker {frozen.pid} for {seconds:.1f} s"


def kill_encoder(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGKILL to a child of a worker, in the middle of its work."""
    children = []
    for worker in cluster.workers():
        with contextlib.suppress(psutil.Error):
            children += worker.children(recursive=True)
    return _signalled(children, draws, signal.SIGKILL, "killed encoder")


def kill_dispatcher(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGKILL; the stand-by takes over, and the driver starts another."""
    return _signalled(cluster.dispatchers(), draws, signal.SIGKILL, "killed dispatcher")


def restart_redis(cluster: ChaosCluster, draws: random.Random) -> str:
    """SIGKILL to Redis, and back from its append-only file."""
    away_s = draws.uniform(0.1, 1.5)
    cluster.redis.kill()
    time.sleep(away_s)
    cluster.redis.start()
    return f"killed redis for {away_s:.1f} s"


def cut_connections(cluster: ChaosCluster, draws: random.Random) -> str:
    """Break half of the connections to Redis in the middle of what they carry."""
    return f"cut {cluster.redis_proxy.cut(0.5, draws)} connections"


def part_network(cluster: ChaosCluster, draws: random.Random) -> str:
    """Nobody reaches Redis for longer than a lease."""
    seconds = cluster.lease_s * draws.uniform(0.5, 1.8)
    cluster.redis_proxy.is_blocked = True
    cluster.redis_proxy.cut(1.0, draws)
    time.sleep(seconds)
    cluster.redis_proxy.is_blocked = False
    return f"parted the network for {seconds:.1f} s"


def reclaim_spot(cluster: ChaosCluster, draws: random.Random) -> str:
    """Spot takes a machine back, where there is a Spot."""
    running = [task for task in cluster.ecs.cluster.running() if not task.stopping] if cluster.ecs else []
    if not cluster.ecs or not running:
        return ""
    cluster.ecs.cluster.reclaim_spot(draws.choice(running))
    return "spot reclaims a container"


def lose_capacity(cluster: ChaosCluster, draws: random.Random) -> str:
    """For a while there is no room anywhere."""
    if not cluster.ecs:
        return ""
    exhausted = cluster.ecs.faults.exhausted
    exhausted.add((None, None, None))
    seconds = draws.uniform(1.0, 6.0)
    threading.Timer(seconds, exhausted.clear).start()
    return f"no capacity for {seconds:.1f} s"


def spoil_s3(cluster: ChaosCluster, draws: random.Random) -> str:
    """For a while, S3 answers 500, 503, slowly, or breaks off."""
    faults = tuple(draws.sample(["500", "503", "slow", "cut"], 2))
    cluster.s3_proxy.faults = faults
    threading.Timer(draws.uniform(1.0, 4.0), lambda: setattr(cluster.s3_proxy, "faults", ())).start()
    return f"s3 answers {' and '.join(faults)}"


def fill_disk(cluster: ChaosCluster, draws: random.Random) -> str:
    """The workers' scratch space is full for a moment, where it is a file system of its own."""
    if not cluster.scratch.is_mount():
        return ""
    blob = cluster.scratch / "blob"
    with contextlib.suppress(OSError), blob.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    time.sleep(draws.uniform(0.3, 1.5))
    blob.unlink(missing_ok=True)
    return "filled the scratch space for a moment"


#: Name -> the fault, and how often it comes relative to the others.
FAULTS: dict[str, tuple[Fault, int]] = {
    "kill-worker": (kill_worker, 6),
    "drain-worker": (drain_worker, 3),
    "freeze-worker": (freeze_worker, 3),
    "kill-encoder": (kill_encoder, 4),
    "kill-dispatcher": (kill_dispatcher, 3),
    "restart-redis": (restart_redis, 2),
    "cut-connections": (cut_connections, 4),
    "part-network": (part_network, 1),
    "spoil-s3": (spoil_s3, 3),
    "fill-disk": (fill_disk, 1),
    "reclaim-spot": (reclaim_spot, 2),
    "lose-capacity": (lose_capacity, 1),
}


def heal(cluster: ChaosCluster) -> None:
    """End every fault that lasts."""
    cluster.s3_proxy.faults = ()
    cluster.redis_proxy.is_blocked = False
    if cluster.ecs:
        cluster.ecs.faults.exhausted.clear()
    (cluster.scratch / "blob").unlink(missing_ok=True)
    for worker in cluster.workers():
        _wake(worker)


def _wake(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.resume()


def _signalled(processes: list[psutil.Process], draws: random.Random, number: signal.Signals, what: str) -> str:
    if not processes:
        return ""
    chosen = draws.choice(processes)
    try:
        chosen.send_signal(number)
    except psutil.Error:
        return ""
    return f"{what} {chosen.pid}"
