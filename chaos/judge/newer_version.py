"""Checks that workers of this version leave jobs of a newer version alone."""

from collections.abc import Iterator

from chaos.cluster import NEWER, NEWER_VERSION
from chaos.judge.evidence import Evidence, JobEvidence
from chaos.scenes import PlannedJob


def leased_by_old(job: PlannedJob, found: JobEvidence) -> Iterator[str]:
    """Find items of a newer version that a worker of this version has leased."""
    if job.version == NEWER_VERSION:
        for end in found.ends:
            if not end.container.startswith(NEWER):
                yield f"{job.job_id}/{end.item_id} is of a newer version, and {end.container} leased it ({end.name})"


def count_left_to_newer(evidence: Evidence) -> int:
    """Count the jobs of a newer version that newer workers have done."""
    return sum(
        any(end.name == "done" and end.container.startswith(NEWER) for end in found.ends)
        for job_id, found in evidence.jobs.items()
        if job_id.startswith(NEWER)
    )
