"""Reads the active jobs with wishes of one structure."""

from collections.abc import Iterator, Sequence

from scenequeue.jobs.job import Counts
from scenequeue.jobs.wishes import WishedJob
from scenequeue.ports.steering.pauses import PAUSE_FIELDS, paused_lanes, pauses_in
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number, wished_from


def wished_in(connection: Connection, limit: int) -> list[tuple[float, WishedJob]]:
    """Return the jobs with wishes of one structure, each with its time of submission (ms); see `DispatcherPort.wished`."""
    fields = ("state", "lane", "wishes", "needs", "ready_weight_ms", "paused", *Counts.model_fields)
    keys = connection.keys
    with connection.translated():
        places = connection.client.zrange(keys.wished, 0, limit - 1, withscores=True)
        if not places:
            return []
        pipeline = connection.client.pipeline(transaction=False)
        for job_id, _ in places:
            pipeline.hmget(keys.job(job_id), fields)
        pipeline.hmget(keys.control, PAUSE_FIELDS)
        *found, pauses = connection.answers(pipeline)
        paused = paused_lanes(pauses_in(pauses or ()))
        jobs = [
            (at, wished_from(job_id, dict(zip(fields, each, strict=True)), paused) if each else None)
            for (job_id, at), each in zip(places, found, strict=True)
        ]
        # Evicted, deleted by hand, or written by somebody else.
        if gone := [job_id for (job_id, _), (_, job) in zip(places, jobs, strict=True) if job is None]:
            connection.client.zrem(keys.wished, *gone)
        return list(_by_need(connection, [(at, job) for at, job in jobs if job is not None]))


def _by_need(connection: Connection, jobs: Sequence[tuple[float, WishedJob]]) -> Iterator[tuple[float, WishedJob]]:
    """Yield each job once for every need of which it has ready items.

    Args:
        connection: of their structure.
        jobs: with their times of submission; `need` holds all needs of a job, separated by spaces.
    """
    pipeline = connection.client.pipeline(transaction=False)
    several = [(at, job) for at, job in jobs if " " in job.need and job.ready]
    for _, job in several:
        needs = job.need.split()
        pipeline.hmget(connection.keys.job(job.job_id), [f"{what}:{need}" for what in ("ready", "weight") for need in needs])
    for at, job in jobs:
        if not job.ready or " " not in job.need:
            yield at, job._replace(need=connection.need(job.need.partition(" ")[0]))
    for (at, job), texts in zip(several, connection.answers(pipeline) if several else [], strict=True):
        needs, found = job.need.split(), [max(0, whole_number(text)) for text in texts or ()]
        parts = zip(needs, found[: len(needs)], found[len(needs) :], strict=False)
        split = [job._replace(need=need, ready=ready, ready_weight=ms / 1000) for need, ready, ms in parts if ready]
        yield from ((at, part._replace(need=connection.need(part.need))) for part in split or [job._replace(need=needs[0])])
