"""Faults of programs: killed, frozen, terminated. Each is a function of the cluster and its random draws."""

import contextlib
import random
import signal

import psutil

from chaos.cluster import ChaosCluster, Worker
from chaos.environment import DISPATCHER_LOCK_S
from chaos.faults.log import FaultAction

#: Placeholder for faults that cannot cost an item an attempt.
NO_CONTAINER = frozenset({"-"})


def kill_worker(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Send SIGKILL to a worker, as the out-of-memory killer or the loss of its machine would."""
    return _signal_worker(cluster, draws, signal.SIGKILL, "killed")


def drain_worker(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Send SIGTERM to a worker, as Spot does."""
    return _signal_worker(cluster, draws, signal.SIGTERM, "terminated")


def freeze_worker(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Stop a worker for longer than its lease, then continue it: it goes on with a stale token."""
    worker = pick_worker(cluster, draws)
    seconds = cluster.lease_s * draws.uniform(1.2, 2.0)
    if worker is None or not send_signal(worker.process, signal.SIGSTOP):
        return None
    return FaultAction(
        f"froze {worker.container_id} for {seconds:.1f} s",
        frozenset({worker.container_id}), seconds, lambda: resume(worker.process),
    )  # fmt: skip


def kill_upload(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Delay uploaded parts for up to two seconds, then kill a worker that is inside a multipart upload."""
    cluster.s3_proxy.holds_parts = True

    def kill() -> frozenset[str]:
        cluster.s3_proxy.holds_parts = False
        uploaders = set(cluster.s3_proxy.uploaders())
        found = [worker for worker in cluster.workers() if worker.container_id in uploaders]
        if not found or not send_signal((picked := draws.choice(found)).process, signal.SIGKILL):
            return frozenset()
        return frozenset({picked.container_id})

    return FaultAction("delays parts, and kills an uploader", NO_CONTAINER, draws.uniform(1.0, 2.0), kill)


def kill_dispatcher(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Kill a dispatcher; the stand-by takes over, and the driver starts another."""
    running = cluster.dispatchers()
    if not running or not send_signal(picked := draws.choice(running), signal.SIGKILL):
        return None
    return FaultAction(f"killed dispatcher {picked.pid}", NO_CONTAINER)


def freeze_dispatcher(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Stop a dispatcher for longer than its lock, then continue it with a stale snapshot, while another one is active."""
    running = [process for process in cluster.dispatchers() if process.status() != psutil.STATUS_STOPPED]
    seconds = DISPATCHER_LOCK_S + draws.uniform(1.0, 5.0)
    if not running or not send_signal(picked := draws.choice(running), signal.SIGSTOP):
        return None
    return FaultAction(f"froze dispatcher {picked.pid} for {seconds:.1f} s", NO_CONTAINER, seconds, lambda: resume(picked))


def pick_worker(cluster: ChaosCluster, draws: random.Random) -> Worker | None:
    """Draw one of the running workers; None if there is none."""
    running = cluster.workers()
    return draws.choice(running) if running else None


def resume(process: psutil.Process) -> None:
    """Send SIGCONT, unless the process is gone."""
    with contextlib.suppress(psutil.Error):
        process.resume()


def send_signal(process: psutil.Process, number: signal.Signals) -> bool:
    """Send a signal; False if the process is gone."""
    try:
        process.send_signal(number)
    except psutil.Error:
        return False
    return True


def _signal_worker(cluster: ChaosCluster, draws: random.Random, number: signal.Signals, what: str) -> FaultAction | None:
    worker = pick_worker(cluster, draws)
    if worker is None or not send_signal(worker.process, number):
        return None
    return FaultAction(f"{what} {worker.container_id}", frozenset({worker.container_id}))
