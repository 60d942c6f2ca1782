"""Finds jobs by state, lane, label, beginning of the id and time of submission, through the indexes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from scenequeue.jobs.ids import is_job_id
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.job_filter import SEARCH_LIMIT, JobFilter, JobPage
from scenequeue.ports.job_lookup import read_jobs
from scenequeue.structure.connection import Connection
from scenequeue.structure.merging import merged

#: Ids that are compared with the other indexes at once, and jobs that are read at once.
_IDS_AT_ONCE, _JOBS_AT_ONCE = 200, 50


def find_jobs(connection: Connection, wanted: JobFilter, limit: int, indexed_labels: Collection[str]) -> JobPage:
    """Return the newest jobs that match, newest first.

    Args:
        connection: the queue.
        wanted: the properties that the jobs must have.
        limit: maximum number of jobs.
        indexed_labels: names of the labels that producers index; other labels are compared job by job.

    Cost: one round trip for 200 ids of the smallest index that applies, until the page is full, and one for 50 jobs read.
    """
    pages: list[JobPage] = []

    def find(each: Connection) -> list[JobStatus]:
        pages.append(_find_in(each, wanted, limit, indexed_labels))
        return pages[-1].jobs

    jobs = merged(connection, find, lambda job: -job.created_ms)
    return JobPage(jobs[:limit], is_complete=len(jobs) <= limit and all(page.is_complete for page in pages))


def count_jobs(connection: Connection) -> dict[JobState, int]:
    """Count the jobs of the whole queue by state, as far as they are kept. Cost: one round trip for each structure."""
    states = [state for state in JobState if state is not JobState.MALFORMED]
    counts: dict[JobState, int] = dict.fromkeys(states, 0)
    for each in connection.all:
        with each.translated():
            pipeline = each.client.pipeline(transaction=False)
            for state in states:
                pipeline.zcard(each.keys.of(f"jobs:state:{state}"))
            for state, number in zip(states, each.answers(pipeline), strict=True):
                counts[state] += number or 0
    return counts


def _find_in(connection: Connection, wanted: JobFilter, limit: int, indexed_labels: Collection[str]) -> JobPage:
    found: list[JobStatus] = []
    examined = _Examined()
    with connection.translated():
        for ids in _matching_ids(connection, wanted, indexed_labels, examined):
            # Compare the jobs themselves too: an index may hold entries of a foreign writer.
            found += filter(wanted.matches, read_jobs(connection, ids))
            if len(found) > limit:
                return JobPage(found[:limit], is_complete=False)
    return JobPage(found, is_complete=examined.ids < SEARCH_LIMIT)


@dataclass
class _Examined:
    """The number of ids that a search has read, whether or not they matched."""

    ids: int = 0


def _matching_ids(
    connection: Connection, wanted: JobFilter, indexed_labels: Collection[str], examined: _Examined
) -> Iterator[list[str]]:
    """Yield the ids that are in all indexes of a filter, newest first, in lists of at most 50."""
    others = _indexes(connection, wanted, indexed_labels)
    # The index of names has only ids that a job can have; those of a foreign writer are among all jobs.
    if wanted.name and is_job_id(wanted.name):
        ids = _begin_with(connection, wanted.name)
    else:
        pipeline = connection.client.pipeline(transaction=False)
        for index in others:
            pipeline.zcard(index)
        sizes = connection.answers(pipeline)
        smallest = min(range(len(others)), key=lambda at: sizes[at] or 0)
        ids = _newest(connection, others.pop(smallest), wanted)
    while some := list(islice(ids, _IDS_AT_ONCE)):
        examined.ids += len(some)
        for index in others:
            scores = connection.answer("zmscore", index, some) if some else []
            some = [job_id for job_id, score in zip(some, scores or [None] * len(some), strict=True) if score is not None]
        for at in range(0, len(some), _JOBS_AT_ONCE):
            yield some[at : at + _JOBS_AT_ONCE]


def _indexes(connection: Connection, wanted: JobFilter, indexed_labels: Collection[str]) -> list[str]:
    keys, found = connection.keys, []
    if wanted.state is not None and wanted.state is not JobState.MALFORMED:
        found.append(keys.of(f"jobs:state:{wanted.state}"))
    if wanted.lane is not None:
        found.append(keys.of(f"jobs:lane:{wanted.lane}"))
    found += [keys.of(f"jobs:label:{name}={value}") for name, value in wanted.labels.items() if name in indexed_labels]
    return found or [keys.jobs]


def _newest(connection: Connection, index: str, wanted: JobFilter) -> Iterator[str]:
    oldest = "-inf" if wanted.since_ms is None else wanted.since_ms
    newest = "+inf" if wanted.until_ms is None else wanted.until_ms
    for at in range(0, SEARCH_LIMIT, _IDS_AT_ONCE):
        ids = connection.answer("zrevrangebyscore", index, newest, oldest, start=at, num=_IDS_AT_ONCE) or []
        yield from ids
        if len(ids) < _IDS_AT_ONCE:
            return


def _begin_with(connection: Connection, name: str) -> Iterator[str]:
    keys = connection.keys
    ids = connection.answer("zrangebylex", keys.of("jobs:names"), f"[{name}", f"[{name}\xff", start=0, num=SEARCH_LIMIT) or []
    created = connection.answer("zmscore", keys.jobs, ids) if ids else []
    times = dict(zip(ids, created or [None] * len(ids), strict=True))
    return iter(sorted(ids, key=lambda job_id: (times[job_id] or 0, job_id), reverse=True))
