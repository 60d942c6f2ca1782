"""Fault: a job of a newer wire version, and later a worker that supports it."""

import random

from chaos.cluster import NEWER, NEWER_VERSION, ChaosCluster
from chaos.faults.log import FaultAction
from chaos.faults.processes import NO_CONTAINER
from chaos.scenes import GOOD, MANY_ATTEMPTS, PlannedJob


def submit_newer(cluster: ChaosCluster, draws: random.Random) -> FaultAction | None:
    """Submit a job that no running worker supports, and start a newer worker after a while."""
    seconds = draws.uniform(4.0, 12.0)
    if cluster.is_newer_there():
        return None
    kinds = (GOOD.name,) * draws.randint(2, 8)
    job = PlannedJob(f"{NEWER}{draws.randrange(10**9)}", kinds, "normal", MANY_ATTEMPTS, NEWER_VERSION)
    return FaultAction(
        f"a job of a newer version; its worker comes in {seconds:.1f} s", NO_CONTAINER, seconds, cluster.start_newer, job
    )
