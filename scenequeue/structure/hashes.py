"""Parses hashes and other values of Redis into models.

Except for `job_from`, no function raises an error: a value that another program, or a loss of data, has damaged is shown as
malformed, beside all others.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Callback, Counts, JobEvent, JobState, JobStatus, Lane, Pause
from scenequeue.jobs.kinds.render import RenderOptions
from scenequeue.jobs.options import job_options_from
from scenequeue.jobs.result import DeadLetter, ItemErrorRecord, ItemResult
from scenequeue.jobs.wishes import JobWishes, WishedJob
from scenequeue.quoted import one_line
from scenequeue.reasons import Code, Reason
from scenequeue.reasons.stored import stored_reason

#: Name and kind of an item that cannot be read.
MALFORMED = "malformed"
_STATES = tuple(Counts.model_fields)
_BOOLEANS = frozenset({"is_spot", "is_draining"})
#: Maximum length at which a value that cannot be parsed is shown.
_SHOWN_CHARACTERS = 2000
#: Longest name or reason of an operator that is shown; ours are shorter.
_WORDS_CHARACTERS = 400
#: Largest time that is shown; a later one is no time of ours.
_MAX_TIME_MS = 253_402_300_799_999


def counts_from(fields: Mapping[str, str]) -> Counts:
    """Return the counters in the hash of a job or of the queue; a value that is no number counts as 0."""
    return Counts(**{state: whole_number(fields.get(state)) for state in _STATES})


def whole_number(text: str | float | None) -> int:
    """Return the whole number in a field; 0 if it holds none."""
    try:
        return int(text or 0)
    except (ValueError, OverflowError):
        return 0


def job_from(job_id: str, fields: Mapping[str, str]) -> JobStatus:
    """Parse a job's hash.

    Raises:
        KeyError, ValueError: a field is missing or cannot be parsed, or the job id is not valid.
    """
    options = job_options_from(fields["options"])
    return JobStatus(
        job_id=check_job_id(job_id),
        state=JobState(fields["state"]),
        lane=Lane(fields["lane"]),
        counts=Counts(**{state: int(fields.get(state, 0)) for state in _STATES}),
        created_ms=int(fields["created_ms"]),
        finished_ms=int(fields["finished_ms"]) if "finished_ms" in fields else None,
        stage=int(fields["stage"]),
        stages=int(fields["stages"]),
        options=RenderOptions.of_job(options),
        options_by_kind=options,
        callback_url=fields["callback_url"] or None,
        callback=_callback_from(fields) if fields["callback_url"] else None,
        labels=json.loads(fields["labels"]),
        max_attempts=int(fields["max_attempts"]),
        wishes=JobWishes.model_validate_json(fields["wishes"]) if "wishes" in fields else None,
        pause=_pause_of_job(job_id, fields),
        ready_needs=tuple(
            name.removeprefix("ready:") for name in sorted(fields) if name.startswith("ready:") and whole_number(fields[name]) > 0
        ),
    )


def _pause_of_job(job_id: str, fields: Mapping[str, str]) -> Pause | None:
    """Return the pause of a job; None for one that has ended, to which a version without such pauses may have left one."""
    is_paused = "paused" in fields and fields["state"] == JobState.ACTIVE
    return pause_from(f"job={job_id}", fields["paused"], whole_number(fields.get("ready"))) if is_paused else None


def pause_from(about: str, text: str, ready: int | None = None) -> Pause:
    """Parse a pause; one of an older version is its time alone."""
    try:
        known = json.loads(text)
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, dict):
        known = {"since_ms": known}
    by, why, since_ms = (known.get(name) for name in ("by", "why", "since_ms"))
    return Pause(
        about=about,
        by=_shown_words(by),
        why=_shown_words(why),
        since_ms=int(since_ms) if isinstance(since_ms, int | float) and 0 <= since_ms <= _MAX_TIME_MS else 0,
        ready=None if ready is None else max(0, ready),
    )


def _shown_words(text: object) -> str:
    """Return an operator's words in one line, bounded even if another program has written them."""
    return one_line(text)[:_WORDS_CHARACTERS] if isinstance(text, str) else ""


def _callback_from(fields: Mapping[str, str]) -> Callback:
    return Callback.model_validate(
        {
            "state": fields.get("callback_state", "pending"),
            "tries": whole_number(fields.get("callback_tries")),
            **(reason_from(fields["callback_error"]).to_json() if fields.get("callback_error") else {}),
        }
    )


def shown_job(job_id: str, fields: Mapping[str, str]) -> JobStatus:
    """Parse a job's hash; if a field cannot be parsed, the job has state `malformed` and only those fields that can."""
    try:
        return job_from(job_id, fields)
    except (KeyError, ValueError, RecursionError):
        lane = fields.get("lane", "")
        return JobStatus(
            job_id=JobId(job_id),
            state=JobState.MALFORMED,
            lane=Lane(lane) if lane in set(Lane) else Lane.NORMAL,
            counts=counts_from(fields),
            created_ms=whole_number(fields.get("created_ms")),
        )


def wished_from(job_id: str, fields: Mapping[str, str | None], paused: Collection[str] = ()) -> WishedJob | None:
    """Parse some fields of a job's hash as a job with wishes; None if it is not active, or if they cannot be parsed.

    A job that is paused, or whose lane is one of the paused ones, has nothing ready.
    """
    try:
        if fields["state"] != JobState.ACTIVE or check_job_id(job_id) != job_id:
            return None
        wishes = JobWishes.model_validate_json(fields["wishes"] or "")
    except ValueError:
        return None
    counts = {state: max(0, whole_number(fields.get(state))) for state in _STATES}
    weight = max(0, whole_number(fields.get("ready_weight_ms"))) / 1000
    is_urgent = fields.get("lane") == Lane.URGENT
    needs = fields.get("needs") or ""
    total, ready = sum(counts.values()), counts["ready"]
    if fields.get("paused") is not None or fields.get("lane") in paused:
        ready, weight = 0, 0.0
    return WishedJob(JobId(job_id), is_urgent, total, ready, weight, wishes, needs)


def container_from(container_id: str, fields: Mapping[str, str]) -> ContainerRecord:
    """Parse a container's hash. Fields of a newer version are ignored; fields that cannot be parsed are named in `note`.

    A hash without a valid id or state, which none of our programs writes, counts as failed, so that no plan relies on it.
    """
    own = ContainerRecord.model_fields.keys() - {"code", "parameters", "remark"}
    known: dict[str, Any] = {name: value for name, value in fields.items() if name in own}
    if ended := fields.get("exit_reason"):
        known |= reason_from(ended).to_json()
    if note := fields.get("note"):
        known["remark"] = reason_from(note)
    try:
        known["progress"] = json.loads(known.get("progress", "{}"))
        return ContainerRecord.model_validate(known)
    except (ValueError, RecursionError) as error:
        wrong = {str(each["loc"][0]) for each in error.errors()} if isinstance(error, ValidationError) else {"progress"}
    readable = {name: value for name, value in known.items() if name not in {*wrong, "progress"}}
    if readable.get("container_id") != container_id or "state" in wrong:
        readable["state"] = "failed"
    more = {"container_id": container_id, "remark": Reason(Code.RECORD_MALFORMED, {"fields": ", ".join(sorted(wrong))})}
    try:
        return ContainerRecord.model_validate({**readable, **more})
    except ValidationError:
        return ContainerRecord.model_validate({**more, "state": "failed"})


def container_fields(record: ContainerRecord, names: frozenset[str]) -> dict[str, str]:
    """Return fields of a record as strings for a hash."""
    out = {}
    for name in names:
        value = getattr(record, name)
        if name == "progress":
            out[name] = json.dumps(value, separators=(",", ":"))
        elif name == "note":
            out[name] = stored_reason(record.remark) if record.remark else ""
        elif name in _BOOLEANS:
            out[name] = "1" if value else "0"
        else:
            out[name] = str(value)
    return out


def member_parts(member: str) -> tuple[JobId, ItemId]:
    """Split a member "<job>/<item>" of a sorted set."""
    job_id, _, item_id = member.rpartition("/")
    return JobId(job_id), ItemId(item_id)


def spare_holder(text: str) -> ContainerId | None:
    """Return the container in an item's field "<token> <deadline in ms> <begun> <container>"; None if it has no spare lease."""
    _, _, holder = text.partition(" ")[2].partition(" ")
    return ContainerId(holder.partition(" ")[2]) if holder else None


def element_from(text: str) -> tuple[ItemId, WorkItem]:
    """Parse an element "<item id> <weight ms> <json>" of a list of items."""
    item_id, _, rest = text.partition(" ")
    body = rest.partition(" ")[2]
    return (ItemId(item_id), WorkItem.shown(body)) if body else (ItemId("?"), WorkItem.shown(text))


def letter_from(job_id: str, item_id: str, text: str, buried_ms: int) -> DeadLetter:
    """Parse a dead letter.

    Args:
        job_id: its job, for a letter that cannot be parsed.
        item_id: its item, likewise.
        text: JSON.
        buried_ms: time of its burial, likewise.
    """
    try:
        return DeadLetter.model_validate_json(text)
    except ValidationError:
        error = ItemErrorRecord(attempt=0, error="Malformed", code=Code.LETTER_MALFORMED, container="", at_ms=buried_ms)
        return DeadLetter(
            job_id=JobId(job_id),
            item_id=ItemId(item_id),
            lane=Lane.NORMAL,
            buried_ms=buried_ms,
            attempts=0,
            errors=[error],
            item=WorkItem(kind=MALFORMED, name=MALFORMED, payload={"letter": text[:_SHOWN_CHARACTERS]}),
        )


def result_from(item_id: str, text: str) -> ItemResult:
    """Parse an item's result; one that cannot be parsed is shown as failed."""
    try:
        return ItemResult.model_validate_json(text)
    except ValidationError:
        why = Reason(Code.RESULT_MALFORMED).to_json()
        return ItemResult(item_id=ItemId(item_id), name=MALFORMED, state="dead", error_class="Malformed", **why)


def event_from(entry_id: str, fields: Mapping[str, str]) -> JobEvent:
    """Parse an entry of a job's stream of events."""
    item_id = fields.get("item_id")
    why = reason_from(fields["reason"]).to_json() if "reason" in fields else {}
    return JobEvent(
        id=entry_id,
        event=fields.get("event", MALFORMED),
        at_ms=whole_number(entry_id.partition("-")[0]),
        item_id=ItemId(item_id) if item_id else None,
        facts={name: value for name, value in fields.items() if name not in {"event", "item_id", "reason"}},
        **why,
    )


def reason_from(text: str) -> Reason:
    """Parse a reason that a step has stored; any other text is kept as words of another program."""
    try:
        return Reason.from_json(json.loads(text))
    except (ValueError, RecursionError):
        return Reason.from_json(text)
