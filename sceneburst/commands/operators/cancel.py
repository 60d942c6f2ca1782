"""`sceneburst cancel`: ends a job, or all active jobs that match filters."""

from typing import TYPE_CHECKING, Annotated

import typer

from sceneburst.codes import Code
from sceneburst.commands.job_status import progress_text, status_data
from sceneburst.commands.jobs import LabelOption, parse_label
from sceneburst.commands.operators.filters import filter_of
from sceneburst.counted import counted
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, confirm, connected, print_json, print_result, say
from sceneburst.terminal.usage import RefusedWord
from sceneburst.terminal.why_option import WhyOption
from scenequeue.jobs.job import JobState, Lane
from scenequeue.jobs.job_filter import JobFilter

if TYPE_CHECKING:
    from scenequeue.queue import SceneQueue

#: Jobs that one search returns.
_JOBS_AT_ONCE = 500


def cancel(
    job_id: Annotated[str | None, typer.Argument(help="The job's id; not with --all.", show_default=False)] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="All active jobs that match the filters.")] = False,
    lane: Annotated[Lane | None, typer.Option(help="Only jobs in this lane.", show_default=False)] = None,
    label: LabelOption = None,
    name: Annotated[str, typer.Option(help="Only jobs whose id has this prefix.", show_default=False)] = "",
    why: WhyOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation of --all.")] = False,
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Cancel a job, or with --all those that match the filters: drop waiting items, and stop running ones."""
    labels = dict(parse_label(each) for each in label or [])
    wanted = filter_of(JobFilter, state=JobState.ACTIVE, lane=lane, labels=labels, name=name)
    is_filtered = wanted != JobFilter(state=JobState.ACTIVE)
    if job_id is None and not (all_of_them and is_filtered):
        raise RefusedWord(Code.JOBS_NOT_NAMED)
    if job_id is not None and (all_of_them or is_filtered):
        raise RefusedWord(Code.JOBS_NAMED_TWICE)
    with connected(redis_url, namespace) as queue:
        if job_id is None:
            _cancel_all(queue, wanted, why, yes=yes, as_json=as_json)
            return
        found = queue.producer.cancel(job_id, operator_name(), why)
    if as_json:
        print_json(status_data(found))
    elif found.state is JobState.CANCELLED:
        say(f"job {job_id}: cancelled, {found.counts.dropped} dropped, {found.counts.leased} stopping")
    else:
        say(f"job {job_id} has ended already, and nothing of it was left to cancel: {progress_text(found)}")


def _cancel_all(queue: "SceneQueue", wanted: JobFilter, why: str, *, yes: bool, as_json: bool) -> None:
    page = queue.inspect.find_jobs(wanted, _JOBS_AT_ONCE)
    if page.jobs and not yes:
        more = "" if page.is_complete else " or more"
        confirm(f"Cancel {counted(len(page.jobs), 'active job')}{more}?")
    tried: set[str] = set()
    cancelled = dropped = stopping = 0
    # Cancelled jobs are active no more, so the next search finds others.
    while found := [job for job in page.jobs if job.job_id not in tried]:
        tried.update(job.job_id for job in found)
        for job in found:
            now = queue.producer.cancel(job.job_id, operator_name(), why)
            if now.state is JobState.CANCELLED:
                cancelled, dropped, stopping = cancelled + 1, dropped + now.counts.dropped, stopping + now.counts.leased
        page = queue.inspect.find_jobs(wanted, _JOBS_AT_ONCE)
    told = {"cancelled": cancelled, "dropped": dropped, "stopping": stopping}
    print_result(told, f"{counted(cancelled, 'job')} cancelled, {dropped} dropped, {stopping} stopping", as_json=as_json)
