"""Finds a job by its id."""

from scenequeue.errors import JobNotFound
from scenequeue.jobs.job import JobStatus
from scenequeue.quoted import quoted
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import shown_job


def read_job(connection: Connection, job_id: str) -> JobStatus:
    """Return the status of a job. Cost: one read.

    Raises:
        JobNotFound: no job of this id, or its results have expired.
    """
    with connection.translated():
        fields = connection.answer("hgetall", connection.keys.job(job_id))
    if fields == {}:
        raise job_not_found(job_id)
    return shown_job(job_id, fields or {})


def job_not_found(job_id: str) -> JobNotFound:
    """The error to raise for an id without a job."""
    return JobNotFound(f"no job {quoted(job_id)}: never submitted here, or its results have expired")
