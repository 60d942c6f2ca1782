"""Pauses and resumes everything, a lane or a job, and lists the pauses in force."""

from collections.abc import Sequence

from scenequeue.errors import BadInput, JobConflict
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import JobState, Lane, Pause
from scenequeue.ports.job_lookup import job_not_found
from scenequeue.ports.steering.audit_log import act_words, run_on_holders
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import pause_from, whole_number
from scenequeue.structure.merging import merged

#: Fields of `control` with the pauses of everything and of lanes.
PAUSE_FIELDS = ("paused", *(f"paused:{lane.value}" for lane in Lane))


def set_pause(
    connection: Connection,
    lane: Lane | None,
    job: JobId | str | None,
    *,
    is_pause: bool,
    by: str,
    why: str,
    since_ms: int | None = None,
) -> bool:
    """Pause or resume a lane, or a job, or without either of them everything; return True if that changed anything.

    Args:
        connection: to the queue.
        lane: the lane.
        job: id of the job.
        is_pause: True to pause.
        by: name of the operator.
        why: in the operator's words.
        since_ms: end only the pause that began at this time; None ends any.

    Raises:
        BadInput: a lane and a job.
        JobNotFound: there is no such job.
        JobConflict: the job has ended, so it cannot be paused.
    """
    # A job without a name, such as that of a variable that is not set, is no word for everything.
    if lane is not None and job is not None:
        raise BadInput(Code.PAUSE_OF_TWO)
    switch, since = (1 if is_pause else 0), ("" if since_ms is None else since_ms)
    if job is None:
        words = (switch, lane.value if lane else "", since, *act_words(by, why))
        # Each, as the step makes the bells of its structure agree.
        changed = [each.run("pause", *words) for each in connection.all]
        return any(changed)
    answers = {*run_on_holders(connection, "pause_job", act_words(by, why), job, str(switch), str(since))}
    if answers & {"changed", "same"}:
        return "changed" in answers
    raise JobConflict(Code.JOB_ENDED, job_id=job) if "ended" in answers else job_not_found(job)


def read_pauses(connection: Connection, limit: int) -> list[Pause]:
    """Return the pauses in force: of everything, of lanes, and of at most so many jobs, newest first. Cost: two round trips."""
    fields = connection.answer("hmget", connection.keys.control, PAUSE_FIELDS) or ()
    found = pauses_in(fields)
    if limit > 0:
        found += merged(connection, lambda each: _pauses_of_jobs(each, limit), lambda pause: -pause.since_ms, limit)
    return found


def pauses_in(texts: Sequence[str | None]) -> list[Pause]:
    """Parse the values of PAUSE_FIELDS: the pauses of everything and of lanes."""
    abouts = ("", *(f"lane={lane.value}" for lane in Lane))
    return [pause_from(about, text) for about, text in zip(abouts, texts, strict=False) if text is not None]


def paused_lanes(pauses: Sequence[Pause]) -> tuple[Lane, ...]:
    """Return the lanes that have pauses of their own."""
    abouts = {pause.about for pause in pauses}
    return tuple(lane for lane in Lane if f"lane={lane.value}" in abouts)


def _pauses_of_jobs(connection: Connection, limit: int) -> list[Pause]:
    """Return the pauses of jobs in one structure, newest first."""
    keys = connection.keys
    ids = connection.answer("zrange", keys.of("jobs:paused"), 0, limit - 1, desc=True) or []
    if not ids:
        return []
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        for job_id in ids:
            pipeline.hmget(keys.job(job_id), "state", "paused", "ready")
        found = connection.answers(pipeline)
    pauses = [
        pause_from(f"job={job_id}", fields[1], whole_number(fields[2]))
        for job_id, fields in zip(ids, found, strict=True)
        # A version that knows no paused jobs may have ended one.
        if fields and fields[0] == JobState.ACTIVE and fields[1] is not None
    ]
    return sorted(pauses, key=lambda pause: -pause.since_ms)
