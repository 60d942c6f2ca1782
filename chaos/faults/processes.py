"""Faults of the programs: killed, frozen, told to leave. Each is a function of the cluster and its draws."""

import contextlib
import random
import signal

import psutil

from chaos.cluster import ChaosCluster, Worker
from chaos.environment import DISPATCHER_LOCK_S
from chaos.faults.log import Strike

#: Stands for whom no item's loss may be blamed on.
NOBODY = frozenset({"-"})


def kill_worker(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGKILL: as the kernel's out-of-memory killer, or a machine that is gone."""
    return _signalled(cluster, draws, signal.SIGKILL, "killed")


def drain_worker(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGTERM: as Spot does."""
    return _signalled(cluster, draws, signal.SIGTERM, "terminated")


def freeze_worker(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGSTOP past its lease, then SIGCONT: it wakes with a stale token."""
    worker = chosen(cluster, draws)
    seconds = cluster.lease_s * draws.uniform(1.2, 2.0)
    if worker is None or not sent(worker.process, signal.SIGSTOP):
        return None
    return Strike(
        f"froze {worker.container_id} for {seconds:.1f} s",
        frozenset({worker.container_id}), seconds, lambda: wake(worker.process),
    )  # fmt: skip


def kill_upload(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGKILL to a worker in the middle of an upload in parts, where one is there within two seconds."""
    cluster.s3_proxy.holds_parts = True

    def kill() -> frozenset[str]:
        cluster.s3_proxy.holds_parts = False
        uploaders = set(cluster.s3_proxy.uploaders())
        found = [worker for worker in cluster.workers() if worker.container_id in uploaders]
        if not found or not sent((struck := draws.choice(found)).process, signal.SIGKILL):
            return frozenset()
        return frozenset({struck.container_id})

    return Strike("holds parts, and kills an uploader", NOBODY, draws.uniform(1.0, 2.0), kill)


def kill_dispatcher(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGKILL; the stand-by takes over, and the driver starts another."""
    running = cluster.dispatchers()
    if not running or not sent(struck := draws.choice(running), signal.SIGKILL):
        return None
    return Strike(f"killed dispatcher {struck.pid}", NOBODY)


def freeze_dispatcher(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """SIGSTOP past its lock, then SIGCONT: another acts meanwhile, and what it had seen is stale."""
    running = [process for process in cluster.dispatchers() if process.status() != psutil.STATUS_STOPPED]
    seconds = DISPATCHER_LOCK_S + draws.uniform(1.0, 5.0)
    if not running or not sent(struck := draws.choice(running), signal.SIGSTOP):
        return None
    return Strike(f"froze dispatcher {struck.pid} for {seconds:.1f} s", NOBODY, seconds, lambda: wake(struck))


def chosen(cluster: ChaosCluster, draws: random.Random) -> Worker | None:
    """One of the workers that run; None where there is none."""
    running = cluster.workers()
    return draws.choice(running) if running else None


def wake(process: psutil.Process) -> None:
    """SIGCONT, where it still is."""
    with contextlib.suppress(psutil.Error):
        process.resume()


def sent(process: psutil.Process, number: signal.Signals) -> bool:
    """Whether the signal found it."""
    try:
        process.send_signal(number)
    except psutil.Error:
        return False
    return True


def _signalled(cluster: ChaosCluster, draws: random.Random, number: signal.Signals, what: str) -> Strike | None:
    worker = chosen(cluster, draws)
    if worker is None or not sent(worker.process, number):
        return None
    return Strike(f"{what} {worker.container_id}", frozenset({worker.container_id}))
