"""`sceneburst queue pause` and `resume`: of everything, a lane or a job."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from sceneburst.terminal.operator_name import WhyOption, operator_name
from sceneburst.terminal.screen import JsonFlag, Namespace, RedisUrl, connected, print_result, say
from sceneburst.terminal.usage import RefusedWord
from scenequeue.jobs.job import Lane, Pause
from scenequeue.jobs.waiting_reason import pause_reason
from scenequeue.reasons import Code

#: Pauses of jobs that are shown at once.
_SHOWN_JOBS = 5
_OF_JOB = "job="
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
    about = _about(lane, job)
    with connected(redis_url, namespace) as queue:
        is_changed = queue.operator.pause(operator_name(), why, lane=lane, job=job)
        known = [] if is_changed or as_json else [each for each in queue.inspect.pauses() if each.about == about]
    print_result({"paused": True, **_named(lane, job)}, f"{_subject(lane, job)}paused", as_json=as_json)
    if known:
        say(f"nothing was changed: {pause_reason(known[0]).text}")


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
    for line in pauses_text(left):
        say(f"still: {line}")


def pauses_text(pauses: Sequence[Pause]) -> Iterator[str]:
    """Yield a line for each pause; of jobs only some."""
    of_jobs = [pause for pause in pauses if pause.about.startswith(_OF_JOB)]
    yield from (pause_reason(pause).text for pause in pauses if not pause.about.startswith(_OF_JOB))
    for pause in of_jobs[:_SHOWN_JOBS]:
        yield f"job {pause.about.removeprefix(_OF_JOB)}: {pause_reason(pause).text}"
    if more := len(of_jobs[_SHOWN_JOBS:]):
        yield f"{more} more of jobs; `sceneburst queue --json` lists them"


def _about(lane: Lane | None, job: str | None) -> str:
    if lane and job:
        raise RefusedWord(Code.PAUSE_OF_TWO, "--job")
    return f"lane={lane.value}" if lane else f"job={job}" if job else ""


def _named(lane: Lane | None, job: str | None) -> dict[str, str]:
    return {"lane": lane.value} if lane else {"job": job} if job else {}


def _subject(lane: Lane | None, job: str | None) -> str:
    return f"lane {lane.value}: " if lane else f"job {job}: " if job else ""
