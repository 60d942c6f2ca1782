"""Two versions side by side: a job of a newer wire version, and later a worker that understands it."""

import random
from collections.abc import Iterator

from chaos.cluster import NEWER, NEWER_VERSION, ChaosCluster
from chaos.evidence import Evidence, JobEvidence
from chaos.hits import Strike
from chaos.scenes import GOOD, PATIENT, PlannedJob
from chaos.strikes_programs import NOBODY


def submit_newer(cluster: ChaosCluster, draws: random.Random) -> Strike | None:
    """A newer producer submits a job that no worker here understands; a newer worker comes after a while."""
    seconds = draws.uniform(4.0, 12.0)
    if cluster.is_newer_there():
        return None
    kinds = (GOOD.name,) * draws.randint(2, 8)
    job = PlannedJob(f"{NEWER}{draws.randrange(10**9)}", kinds, "normal", PATIENT, NEWER_VERSION)
    return Strike(f"a job of a newer version; its worker comes in {seconds:.1f} s", NOBODY, seconds, cluster.start_newer, job)


def served_by_old(job: PlannedJob, found: JobEvidence) -> Iterator[str]:
    """Items of a newer version that a worker of this version has done or failed."""
    if job.version == NEWER_VERSION:
        for end in found.ends:
            if end.name in {"done", "dead", "retry"} and not end.container.startswith(NEWER):
                yield f"{job.job_id}/{end.item_id} is of a newer version, and {end.container} reported it as {end.name}"


def left_to_newer(evidence: Evidence) -> int:
    """Count the jobs of a newer version that older workers leased and handed back."""
    return sum(
        any(end.name == "released" and not end.container.startswith(NEWER) for end in found.ends)
        for job_id, found in evidence.jobs.items()
        if job_id.startswith(NEWER)
    )
