"""`sceneburst jobs`: lists jobs by state, lane, label, prefix of the id, and age."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from sceneburst.codes import Code
from sceneburst.commands.job_status import STATUS_COLUMNS, labels_text, status_data, status_row
from sceneburst.commands.jobs import LabelOption, parse_label
from sceneburst.commands.operators.filters import filter_of
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, note, print_json, print_table, say, table
from sceneburst.terminal.usage import RefusedWord
from scenequeue.jobs.job import JobState, Lane
from scenequeue.jobs.job_filter import SEARCH_LIMIT, JobFilter

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([smhdw])")


def jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.", show_default=False)] = None,
    lane: Annotated[Lane | None, typer.Option(help="Only jobs in this lane.", show_default=False)] = None,
    label: LabelOption = None,
    name: Annotated[str, typer.Option(help="Only jobs whose id has this prefix.", show_default=False)] = "",
    since: Annotated[str | None, typer.Option(help="Only jobs submitted within this time: 90s, 15m, 1h, 2d, 1w.")] = None,
    limit: Annotated[int, typer.Option(help="Maximum number of jobs.", min=1, max=10_000)] = 1000,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """List jobs, newest first, that match all filters: state, lane, labels, prefix of the id, age."""
    labels = dict(parse_label(each) for each in label or [])
    age_ms = None if since is None else parse_age_ms(since)
    wanted = filter_of(JobFilter, state=state, lane=lane, labels=labels, name=name)
    with connected(redis_url, namespace) as queue:
        now_ms = queue.inspect.now_ms()
        if age_ms is not None:
            wanted = wanted.model_copy(update={"since_ms": max(0, now_ms - age_ms)})
        found, is_complete = queue.inspect.find_jobs(wanted, limit)
    if as_json:
        print_json([status_data(job) for job in found])
    elif not found:
        say("no jobs" if wanted == JobFilter() else "no job is like that")
    else:
        made = table(*STATUS_COLUMNS, "labels~")
        for job in found:
            made.add_row(*status_row(job, now_ms), labels_text(job))
        print_table(made)
    if not is_complete and len(found) == limit:
        note(f"only the newest {limit:,} are shown; --limit shows more", "dim")
    elif not is_complete:
        mend = "set SCENEBURST_INDEXED_LABELS where jobs are submitted" if labels else "further filters make the search smaller"
        note(f"only {SEARCH_LIMIT:,} jobs were looked at; {mend}", "dim")


def parse_age_ms(text: str) -> int:
    """Parse an age such as 90s, 15m, 1h, 2d or 1w; return milliseconds.

    Raises:
        RefusedWord: it is not an age.
    """
    parts = _AGE.fullmatch(text.strip())
    if parts is None:
        raise RefusedWord(Code.AGE_MALFORMED, "--since", given=text)
    return int(timedelta(**{_UNITS[parts[2]]: int(parts[1])}) / timedelta(milliseconds=1))
