"""A fault: a job of a newer version, and later a worker that understands it."""

import random

from chaos.cluster import NEWER, NEWER_VERSION, ChaosCluster
from chaos.faults.log import Strike
from chaos.faults.processes import NOBODY
from chaos.scenes import GOOD, PATIENT, PlannedJob


def submit_newer(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """A newer producer submits a job that no worker here understands; a newer worker comes after a while."""
    seconds = draws.uniform(4.0, 12.0)
    if cluster.is_newer_there():
        return None
    kinds = (GOOD.name,) * draws.randint(2, 8)
    job = PlannedJob(f"{NEWER}{draws.randrange(10**9)}", kinds, "normal", PATIENT, NEWER_VERSION)
    return Strike(f"a job of a newer version; its worker comes in {seconds:.1f} s", NOBODY, seconds, cluster.start_newer, job)
