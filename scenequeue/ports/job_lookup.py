"""Looks jobs up by their ids, and finds the ids that their items can have."""

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from scenequeue.errors import BadInput, JobNotFound, refused_field, several
from scenequeue.jobs.ids import is_job_id
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.options import JobOptions, job_options_from
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import shown_job, whole_number


def read_job(connection: Connection, job_id: str) -> JobStatus:
    """Return the status of a job, from the newest structure that has a job of this id. Cost: one read for each structure tried.

    Raises:
        JobNotFound: no job of this id, or its results have expired.
    """
    found = next(jobs_of_id(connection, job_id), None)
    if found is None:
        raise job_not_found(job_id)
    return found


def read_options(connection: Connection, job_id: str) -> JobOptions:
    """Return the options that all items of a job share, by kind; errors as `WorkerPort.options` says. Cost: one read."""
    found = connection.answer("hmget", connection.keys.job(job_id), "state", "options")
    state, options = found or (None, None)
    if state is None:
        raise job_not_found(job_id)
    try:
        return job_options_from(options or "")
    except ValidationError as error:
        why = several(map(refused_field, error.errors(include_url=False)))
        raise BadInput(Code.OPTIONS_MALFORMED, job_id=job_id, problem=why) from None


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


def deferred_stages(connection: Connection, job_id: str) -> list[int]:
    """Return the numbers of a job's deferred stages: their items are brought by items of the stage before."""
    text = connection.answer("hget", connection.keys.job(job_id), "deferred") or ""
    return [whole_number(number) for number in text.split()]


def ids_of_stage(connection: Connection, job_id: str, stage: int, total: int, deferred: Sequence[int]) -> Iterator[str]:
    """Yield all ids that items of a stage can have, in the caller's order; some may not exist.

    In a deferred stage the ids contain that of the item which brought them, and follow in the order of those items.

    Args:
        connection: of the structure that holds the job.
        job_id: the job.
        stage: its number, from 0.
        total: number of items of the whole job; no stage has more.
        deferred: the answer of `deferred_stages`.
    """
    if stage not in deferred:
        yield from (f"{stage}-{index}" for index in range(total))
        return
    brought = connection.answer("hgetall", connection.keys.job(job_id, "brought")) or {}
    for bringer in sorted((each for each in brought if each.startswith(f"{stage - 1}-")), key=place_of):
        index = bringer.partition("-")[2]
        yield from (f"{stage}-{index}.{number}" for number in range(min(total, whole_number(brought[bringer]))))


def place_of(item_id: str) -> tuple[int, ...]:
    """Return an item's place in the caller's order: (stage, index); in a deferred stage (stage, index of its bringer, number)."""
    return tuple(map(whole_number, re.split(r"[-.]", item_id)))


def due_in(connection: Connection, now_ms: int, limit: int) -> list[JobStatus]:
    """Return the ended jobs of one structure whose callback is due, oldest first."""
    keys = connection.keys
    with connection.translated():
        ids = connection.client.zrangebyscore(keys.notices, "-inf", now_ms, start=0, num=limit)
        pipeline = connection.client.pipeline(transaction=False)
        for job_id in ids:
            pipeline.hgetall(keys.job(job_id))
        hashes = connection.answers(pipeline) if ids else []
        jobs = [status_of(connection, job_id, fields or {}) for job_id, fields in zip(ids, hashes, strict=True)]
        # Expired, or written by somebody else: without this they would use up the limit at each call.
        if gone := [job.job_id for job in jobs if job.state is JobState.MALFORMED]:
            connection.client.zrem(keys.notices, *gone)
    return [job for job in jobs if job.state is not JobState.MALFORMED]
