"""Finds a job by its id."""

from collections.abc import Iterator, Mapping, Sequence

from scenequeue.errors import JobNotFound
from scenequeue.jobs.ids import is_job_id
from scenequeue.jobs.job import JobStatus
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import shown_job


def read_job(connection: Connection, job_id: str) -> JobStatus:
    """Return the status of a job, from the newest structure that has a job of this id. Cost: one read for each structure tried.

    Raises:
        JobNotFound: no job of this id, or its results have expired.
    """
    found = next(jobs_of_id(connection, job_id), None)
    if found is None:
        raise job_not_found(job_id)
    return found


def jobs_of_id(connection: Connection, job_id: str) -> Iterator[JobStatus]:
    """Return the status of each job of this id, newest structure first: an older version may have submitted another one."""
    for each in connection.all:
        fields = each.answer("hgetall", each.keys.job(job_id))
        if fields != {}:
            yield status_of(each, job_id, fields or {})


def status_of(connection: Connection, job_id: str, fields: Mapping[str, str]) -> JobStatus:
    """Parse a job's hash like `shown_job`, with its needs as callers name them (`Connection.need`)."""
    status = shown_job(job_id, fields)
    needs = tuple(map(connection.need, status.ready_needs))
    return status if needs == status.ready_needs else status.model_copy(update={"ready_needs": needs})


def read_jobs(connection: Connection, ids: Sequence[str]) -> list[JobStatus]:
    """Return the statuses of jobs in the index of one structure. Cost: one round trip.

    An id without a hash is that of an expired job, unless no job can have it: then it is shown as malformed.
    """
    found = connection.hashes([connection.keys.job(job_id) for job_id in ids])
    known = zip(ids, found, strict=True)
    return [status_of(connection, job_id, fields) for job_id, fields in known if fields or not is_job_id(job_id)]


def job_not_found(job_id: str) -> JobNotFound:
    """Return the error to raise for an id without a job."""
    return JobNotFound(Code.JOB_UNKNOWN, job_id=job_id)
