"""`sceneburst queue pause` and `resume` of everything, a lane or a job; `retry-now` ends the pauses before retries."""

from typing import Annotated

import typer

from sceneburst.counted import counted
from sceneburst.terminal.operator_name import operator_name
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, print_result, say
from sceneburst.terminal.usage import RefusedWord
from sceneburst.terminal.why_option import WhyOption
from scenequeue.jobs.job import Lane
from scenequeue.jobs.waiting_reason import pause_reason
from scenequeue.reasons import Code

_LaneOption = Annotated[Lane | None, typer.Option("--lane", help="Only this lane.")]
_JobOption = Annotated[str | None, typer.Option("--job", metavar="JOB", help="Only this job.")]


def pause(
    lane: _LaneOption = None,
    job: _JobOption = None,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Pause the queue, a lane or a job: no more of its items are leased; items in flight go on."""
    about, subject = _about(lane, job), _subject(lane, job)
    with connected(redis_url, namespace) as queue:
        is_changed = queue.operator.pause(operator_name(), why, lane=lane, job=job)
        known = [] if is_changed or as_json else [each for each in queue.inspect.pauses() if each.about == about]
    said = f"nothing was changed: {pause_reason(known[0]).text}" if known else f"{subject}paused"
    print_result({"paused": True, **_named(lane, job)}, said, as_json=as_json)


def resume(
    lane: _LaneOption = None,
    job: _JobOption = None,
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Resume the queue, a lane or a job; each pause is ended by itself."""
    _about(lane, job)
    with connected(redis_url, namespace) as queue:
        is_changed = queue.operator.resume(operator_name(), why, lane=lane, job=job)
        left = [] if as_json else queue.inspect.pauses(0)
    said = "resumed" if is_changed else "nothing was changed: it was not paused"
    print_result({"paused": False, **_named(lane, job)}, f"{_subject(lane, job)}{said}", as_json=as_json)
    for each in left:
        say(f"still: {pause_reason(each).text}")


def retry_now(
    job_id: Annotated[str, typer.Argument(help="The job's id.", show_default=False)],
    why: WhyOption = "",
    as_json: JsonFlag = False,
    redis_url: RedisUrl = None,
    namespace: Namespace = None,
) -> None:
    """Retry a job's failed items now that wait for their next attempt; the dispatcher does it at its next tick."""
    with connected(redis_url, namespace) as queue:
        hastened = queue.operator.retry_now(job_id, operator_name(), why)
    print_result({"retried": hastened}, f"{counted(hastened, 'retry', 'retries')} due now", as_json=as_json)


def _about(lane: Lane | None, job: str | None) -> str:
    if lane is not None and job is not None:
        raise RefusedWord(Code.PAUSE_OF_TWO, "--job")
    return f"lane={lane.value}" if lane else f"job={job}" if job is not None else ""


def _named(lane: Lane | None, job: str | None) -> dict[str, str]:
    return {"lane": lane.value} if lane else {"job": job} if job is not None else {}


def _subject(lane: Lane | None, job: str | None) -> str:
    return f"lane {lane.value}: " if lane else f"job {job}: " if job is not None else ""
