"""`sceneburst jobs`: the newest jobs, by state, label and age."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from sceneburst.commands.jobs import STATUS_COLUMNS, LabelOption, labels_text, parse_label, status_data, status_row
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, note, print_json, print_table, say, table
from scenequeue.jobs.job import JobState, JobStatus

#: Jobs that are looked at, the newest; the others are not searched.
NEWEST = 1000
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([smhdw])")


def jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.", show_default=False)] = None,
    label: LabelOption = None,
    since: Annotated[str | None, typer.Option(help="Only jobs submitted within this time, as in 90s, 15m, 1h, 2d, 1w.")] = None,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Jobs, newest first; of the newest 1,000, those that have the state, all the labels and the age."""
    labels = dict(parse_label(each) for each in label or [])
    age_ms = None if since is None else parse_age_ms(since)
    with connected(redis_url, namespace) as queue:
        looked_at, now_ms = queue.inspect.jobs(NEWEST), queue.inspect.now_ms()
    found = select(looked_at, state, labels, None if age_ms is None else now_ms - age_ms)
    if as_json:
        print_json([status_data(job) for job in found])
    elif not found:
        say("no job is like that" if looked_at else "no jobs")
    else:
        made = table(*STATUS_COLUMNS, "labels~")
        for job in found:
            made.add_row(*status_row(job, now_ms), labels_text(job))
        print_table(made)
    if len(looked_at) == NEWEST:
        note(f"only the newest {NEWEST:,} jobs were looked at", "dim")


def select(found: Sequence[JobStatus], state: JobState | None, labels: dict[str, str], since_ms: int | None) -> list[JobStatus]:
    """Those jobs that are in a state, have all the labels, and were submitted at or after a time; None asks for nothing."""
    return [
        job
        for job in found
        if (state is None or job.state is state)
        and labels.items() <= job.labels.items()
        and (since_ms is None or job.created_ms >= since_ms)
    ]


def parse_age_ms(text: str) -> int:
    """Milliseconds of an age such as 90s, 15m, 1h, 2d, 1w.

    Raises:
        typer.BadParameter: it is none.
    """
    parts = _AGE.fullmatch(text.strip())
    if parts is None:
        raise typer.BadParameter(f"{text!r} is no age; 90s, 15m, 1h, 2d and 1w are", param_hint="--since")
    return int(timedelta(**{_UNITS[parts[2]]: int(parts[1])}) / timedelta(milliseconds=1))
