"""Puts the state of a job into a table row, a line, or plain data."""

import re
import shlex
from typing import Any

from sceneburst.counted import counted
from sceneburst.terminal.screen import age_text
from scenequeue.jobs.job import Callback, JobState, JobStatus

#: In a label; elsewhere quotes only disturb the eye.
_HAS_TO_BE_QUOTED = re.compile(r"""[\s"'`$\\;&|<>()*?\[\]#~!]""")
#: The cells of `status_row`.
STATUS_COLUMNS = ("job", "state", "lane", "waiting>", "ready>", "in flight>", "delayed>", "done>", "dead>", "dropped>", "age>")


def labels_text(found: JobStatus) -> str:
    """Return a job's labels in one line, each as --label takes it in a shell."""
    pairs = (f"{name}={value}" for name, value in found.labels.items())
    return " ".join(shlex.quote(pair) if _HAS_TO_BE_QUOTED.search(pair) else pair for pair in pairs)


def status_data(found: JobStatus) -> dict[str, Any]:
    """Return a job's status as plain data: the shape of `status --json`."""
    # A job without scenes has the options of its one kind of work; scenes' defaults would be told in their place.
    options = {} if found.is_of_scenes else {"options": next(iter(found.options_by_kind.values()))}
    return {
        **found.model_dump(mode="json"),
        **options,
        "counts": {**found.counts.model_dump(), "total": found.counts.total},
        "waits_because": found.waits_because.to_people() if found.waits_because else None,
    }


def progress_text(found: JobStatus) -> str:
    """Return a job's state, and the numbers of its items that are done and dropped, in one line."""
    counts = found.counts
    dropped = f", {counts.dropped} dropped" if counts.dropped else ""
    return f"{found.state.value}, {counts.done} of {counts.total} done{dropped}"


def ended_text(found: JobStatus) -> str:
    """Return the same with the job's id."""
    return f"job {found.job_id}: {progress_text(found)}"


def without_results_text(found: JobStatus) -> str:
    """Return the reason that a job has no results, in one line."""
    if found.state is JobState.ACTIVE:
        return f"nothing of job {found.job_id} has ended yet"
    if found.state is JobState.CANCELLED:
        return f"job {found.job_id} was cancelled before anything of it was done; {found.counts.dropped} dropped"
    return f"there are no results in Redis; {ended_text(found)}"


def callback_text(callback: Callback) -> str:
    """Return the state of the posts to the callback address in one line."""
    tries = counted(callback.tries, "try", "tries")
    return f"callback: {callback.state.replace('_', ' ')} after {tries}" + (f": {callback.error}" if callback.error else "")


def status_row(found: JobStatus, now_ms: int) -> list[str]:
    """Return a job's status as the cells of a table."""
    counts = found.counts
    numbers = (counts.waiting, counts.ready, counts.leased, counts.delayed, counts.done, counts.dead, counts.dropped)
    state = "paused" if found.pause else found.state.value
    return [found.job_id, state, found.lane.value, *map(str, numbers), age_text(found.created_ms, now_ms)]
