"""Checks that workers of this version leave jobs of a newer version alone."""

from collections.abc import Iterator

from chaos.cluster import NEWER, NEWER_VERSION
from chaos.judge.evidence import Evidence, JobEvidence
from chaos.scenes import PlannedJob


def served_by_old(job: PlannedJob, found: JobEvidence) -> Iterator[str]:
    """Find items of a newer version that a worker of this version has done or failed."""
    if job.version == NEWER_VERSION:
        for end in found.ends:
            if end.name in {"done", "dead", "retry"} and not end.container.startswith(NEWER):
                yield f"{job.job_id}/{end.item_id} is of a newer version, and {end.container} reported it as {end.name}"


def left_to_newer(evidence: Evidence) -> int:
    """Count the jobs of a newer version that older workers leased and released."""
    return sum(
        any(end.name == "released" and not end.container.startswith(NEWER) for end in found.ends)
        for job_id, found in evidence.jobs.items()
        if job_id.startswith(NEWER)
    )
