"""The list of jobs: by state, lane, label, beginning of the id and date, any of these together."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from sceneburst.page.languages import msgid
from sceneburst.page.view import Query, View
from scenequeue.jobs.job import JobState, JobStatus, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.queue import SceneQueue

PAGE = 50
#: Jobs of one millisecond that paging tells apart.
_SAME_MS = 50
_STATES = tuple(state.value for state in JobState if state is not JobState.MALFORMED)


class Row(NamedTuple):
    """A job in the list."""

    job: JobStatus
    ended: int
    #: Of its items, the ended ones.
    share: float


def parse_labels(text: str) -> dict[str, str]:
    """Return the labels in "name=value, name=value"."""
    pairs = (each.partition("=") for each in text.split(","))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign and name.strip()}


def filter_of(query: Query) -> JobFilter | None:
    """Return the filter that a query asks for; None if there can be no such jobs, as it is malformed."""
    since, until = _day_ms(query.get("since", "")), _day_ms(query.get("until", ""))
    before = query.get("before", "").partition("-")[0]
    try:
        latest = [each for each in (until and until + 86_400_000 - 1, int(before) if before else None) if each is not None]
        return JobFilter.model_validate(
            {
                "state": query.get("state"),
                "lane": query.get("lane"),
                "labels": parse_labels(query.get("label", "")),
                "name": query.get("name", ""),
                "since_ms": since,
                "until_ms": min(latest, default=None),
            },
            strict=False,
        )
    except (ValidationError, ValueError):
        return None


def rows_of(jobs: list[JobStatus]) -> list[Row]:
    """Return what is shown of each job."""
    found = []
    for job in jobs:
        ended = job.counts.done + job.counts.dead + job.counts.dropped
        found.append(Row(job, ended, ended / job.counts.total if job.counts.total else 0.0))
    return found


def _look(queue: SceneQueue, query: Query) -> Mapping[str, Any]:
    wanted = filter_of(query)
    jobs, is_complete = queue.inspect.find_jobs(wanted, PAGE + _SAME_MS) if wanted else ([], True)
    at, _, last = query.get("before", "").partition("-")
    # The page before ended with this job; those of the same millisecond before it were shown there.
    same = [place for place, job in enumerate(jobs) if job.job_id == last and str(job.created_ms) == at]
    jobs = jobs[same[0] + 1 :] if same else jobs
    shown = jobs[:PAGE]
    return {
        "rows": rows_of(shown),
        "counts": queue.inspect.count_jobs(),
        "older": f"{shown[-1].created_ms}-{shown[-1].job_id}" if shown and (len(jobs) > PAGE or not is_complete) else "",
        "is_malformed": wanted is None,
        "was_stopped": not is_complete and len(jobs) <= PAGE,
        "states": _STATES,
        "lanes": tuple(lane.value for lane in Lane),
    }


def _day_ms(text: str) -> int | None:
    """Return the beginning of a day (UTC) by its name: 2026-11-28, or today, yesterday; None for anything else."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        day = named.get(text) or datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0, int(day.timestamp() * 1000))


VIEW = View(
    "jobs",
    "/jobs",
    msgid("Jobs"),
    _look,
    parameters=("state", "lane", "label", "name", "since", "until", "before"),
)
