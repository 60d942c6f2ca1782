"""Finds dead letters by id, name, reason, job, label and lane, and acts on all that are found."""

import json
import secrets
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Literal, NamedTuple

from pydantic import Field

from scenequeue.errors import JobNotFound
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import Lane
from scenequeue.jobs.options import FrozenModel
from scenequeue.jobs.result import DeadLetter
from scenequeue.ports.steering.audit_log import act_words
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import letter_from, member_parts, whole_number
from scenequeue.structure.merging import merged

#: Members of an index read in one round trip, and letters read in one: a letter can have several kilobytes.
_MEMBERS_AT_ONCE, _LETTERS_AT_ONCE = 200, 50
#: Members read in one round trip if all letters are wanted.
_MEMBERS_OF_ALL = 2000
#: Maximum length of a filter in the audit log.
_FILTER_CHARACTERS = 200
#: Letters that one step requeues or discards, in a few milliseconds.
_LETTERS_A_STEP = 150


class DeadFilter(FrozenModel):
    """Properties that a dead letter must have, all of them; omitted ones are not compared."""

    #: Code of the last attempt's error, as `reasons` counts them; or its class.
    reason: str = ""
    job: str = ""
    lane: Lane | None = None
    #: Labels of its job.
    labels: dict[str, str] = Field(default_factory=dict)
    #: Buried at this time or later, and until this time: milliseconds of the Redis clock. Not in `text`.
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def text(self) -> str:
        """The filter as text, for the audit log: "reason=… lane=… label=name=value"; "" for an empty one."""
        labels = (("label", f"{name}={value}") for name, value in self.labels.items())
        named = [("reason", self.reason), ("job", self.job), ("lane", self.lane or ""), *labels]
        return " ".join(f"{name}={shlex.quote(value)}" for name, value in named if value)


class Progress(NamedTuple):
    """Numbers of dead letters, while many are requeued or discarded."""

    #: Requeued or discarded so far.
    changed: int
    #: Tried so far. A letter was not changed if it is gone, its job was cancelled, or it contains no item.
    seen: int
    #: Found so far.
    total: int


def count_reasons(connection: Connection) -> dict[str, int]:
    """Count dead letters by reason, the most frequent first. Cost: one read."""
    counts = Counter[str]()
    for each in connection.all:
        fields = each.answer("hgetall", each.keys.of("dead:reasons")) or {}
        counts.update({reason: whole_number(count) for reason, count in fields.items()})
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def read_letter(connection: Connection, job_id: str, item_id: str) -> DeadLetter:
    """Return the dead letter of an item. Cost: one read of each structure, however many letters there are.

    Raises:
        JobNotFound: there is no such dead letter.
    """
    for each in connection.all:
        if found := _letter_in(each, job_id, item_id):
            return found
    raise JobNotFound(Code.LETTER_UNKNOWN, item_id=item_id, job_id=job_id)


def read_letter_named(connection: Connection, job_id: str, name: str) -> DeadLetter:
    """Return the dead letter of the item with this name. Cost: two reads of each structure; raises as `read_letter`."""
    for each in connection.all:
        item_id = each.answer("hget", each.keys.job(job_id, "dead:names"), name)
        found = _letter_in(each, job_id, item_id) if item_id else None
        if found is not None and found.item.name == name:
            return found
    raise JobNotFound(Code.LETTER_UNKNOWN, item_id=name, job_id=job_id)


def _letter_in(connection: Connection, job_id: str, item_id: str) -> DeadLetter | None:
    text = connection.answer("hget", connection.keys.job(job_id, "dead"), item_id)
    return None if text is None else letter_from(job_id, item_id, text, 0)


def find_letters(connection: Connection, wanted: DeadFilter, limit: int) -> list[DeadLetter]:
    """Return the newest dead letters that match, newest first.

    Cost: reads the ids of the reason's letters, or of the job's if these are fewer, 200 in one or two round trips, until
    enough match; and the letters returned.
    """
    return merged(connection, lambda each: _letters_in(each, wanted, limit), lambda letter: -letter.buried_ms, limit)


def _letters_in(connection: Connection, wanted: DeadFilter, limit: int) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    members = matching_letters(connection, wanted)
    while len(found) < limit and (some := list(islice(members, min(_LETTERS_AT_ONCE, limit - len(found))))):
        about = [(*member_parts(member), buried_ms) for member, buried_ms in some]
        with connection.translated():
            pipeline = connection.client.pipeline(transaction=False)
            for job, item, _ in about:
                pipeline.hget(connection.keys.job(job, "dead"), item)
            texts = connection.answers(pipeline)
        found += [letter_from(job, item, text, at) for (job, item, at), text in zip(about, texts, strict=True) if text]
    return found


def act_on_all(
    connection: Connection, act: Literal["requeue", "discard"], wanted: DeadFilter, by: str, why: str
) -> Iterator[Progress]:
    """Requeue or discard all dead letters that match and exist now, in several steps; yields the progress after each.

    Guarantees:
        Each letter is changed once, even if several programs do this at once. After a crash the remaining ones are unchanged.
        All steps together are one entry of the audit log, with the number of letters changed so far.
    """
    # For the audit log: name, reason, filter, and a word for this act alone.
    named = (*act_words(by, why), wanted.text[:_FILTER_CHARACTERS], secrets.token_hex(8))
    before = Progress(0, 0, 0)
    for each in connection.all:
        now = before
        for now in _act_in(each, act, wanted, named, before):
            yield now
        before = now


def _act_in(
    connection: Connection, act: Literal["requeue", "discard"], wanted: DeadFilter, named: tuple[str, ...], before: Progress
) -> Iterator[Progress]:
    """Act on the letters of one structure.

    Args:
        connection: of the structure.
        act: see `act_on_all`.
        wanted: see `act_on_all`.
        named: the act in the audit log: operator, reason, filter, and a word for it alone.
        before: progress in the structures before, which is added.
    """
    last = connection.answer("zrange", connection.keys.dead, 0, 0, desc=True, withscores=True) or []
    # A burial may be in the future: Redis's clock can be set back.
    began_ms = max([connection.now_ms(), *(at for _, at in last)])
    changed, seen, _ = before
    tried: set[str] = set()
    # Repeated until no new letter is found: if another program removes letters meanwhile, later ones move up to pages that have
    # been read already.
    while members := [
        member for member, at in matching_letters(connection, wanted, _MEMBERS_OF_ALL) if at <= began_ms and member not in tried
    ]:
        tried.update(members)
        for step in _steps(members):
            words: list[str | int] = []
            for job_id, items in step:
                words += (job_id, len(items), *items)
            changed += int(connection.run(f"{act}_all", *named, *words))
            seen += sum(len(items) for _, items in step)
            yield Progress(changed, seen, before.total + len(tried))


def _steps(members: Sequence[str]) -> Iterator[list[tuple[JobId, list[str]]]]:
    """Divide letters into steps of at most _LETTERS_A_STEP; those of a job stay together, as a step reads it once."""
    by_job: dict[JobId, list[str]] = defaultdict(list)
    for job_id, item_id in map(member_parts, members):
        by_job[job_id].append(item_id)
    step: list[tuple[JobId, list[str]]] = []
    room = _LETTERS_A_STEP
    for job_id, items in by_job.items():
        at = 0
        while at < len(items):
            some = items[at : at + room]
            step.append((job_id, some))
            at, room = at + len(some), room - len(some)
            if not room:
                yield step
                step, room = [], _LETTERS_A_STEP
    if step:
        yield step


def matching_letters(connection: Connection, wanted: DeadFilter, at_once: int = _MEMBERS_AT_ONCE) -> Iterator[tuple[str, int]]:
    """Yield the members that match, with the time of their burial (ms), newest first."""
    jobs: dict[str, bool] = {}
    members = _candidates(connection, wanted, at_once)
    if _is_class(wanted.reason):
        members = _of_class(connection, wanted.reason, members, at_once)
    if wanted.since_ms is not None:
        members = takewhile(lambda each: each[1] >= (wanted.since_ms or 0), members)
    if wanted.until_ms is not None:
        members = (each for each in members if each[1] <= (wanted.until_ms or 0))
    while some := list(islice(members, at_once)):
        unknown = list({member_parts(member)[0] for member, _ in some} - jobs.keys())
        jobs |= dict(zip(unknown, _matching_jobs(connection, wanted, unknown), strict=True))
        yield from ((member, at) for member, at in some if jobs[member_parts(member)[0]])


def _matching_jobs(connection: Connection, wanted: DeadFilter, ids: Sequence[str]) -> list[bool]:
    """Return True for each job that has the id, the lane and the labels of the filter."""
    if wanted.job:
        ids = [job_id if job_id == wanted.job else "" for job_id in ids]
    if not ids or (wanted.lane is None and not wanted.labels):
        return [bool(job_id) for job_id in ids]
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        for job_id in ids:
            pipeline.hmget(connection.keys.job(job_id), "lane", "labels")
        found = connection.answers(pipeline)
    return [
        bool(job_id)
        and (wanted.lane is None or (fields or [None])[0] == wanted.lane)
        and wanted.labels.items() <= labels_in((fields or [None, None])[1]).items()
        for job_id, fields in zip(ids, found, strict=True)
    ]


def labels_in(text: str | None) -> dict[str, str]:
    """Return the labels in the field of a job; none where they cannot be read."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _candidates(connection: Connection, wanted: DeadFilter, at_once: int) -> Iterator[tuple[str, int]]:
    """Yield the letters of the filter's reason, or those of its job if these are fewer, newest first."""
    keys = connection.keys
    has_index = wanted.reason and not _is_class(wanted.reason)
    index = keys.of(f"dead:reason:{wanted.reason}") if has_index else keys.dead
    if wanted.job:
        with connection.translated():
            pipeline = connection.client.pipeline(transaction=False)
            pipeline.zcard(index)
            pipeline.hlen(keys.job(wanted.job, "dead"))
            in_index, in_job = connection.answers(pipeline)
        if (in_job or 0) < (in_index or 0):
            yield from _of_job(connection, wanted.job, index)
            return
    first = 0
    while page := connection.answer("zrange", index, first, first + at_once - 1, desc=True, withscores=True):
        yield from ((member, whole_number(at)) for member, at in page)
        first += at_once


def _is_class(reason: str) -> bool:
    """Return True for an error's class, such as `BadInput`; codes begin with a small letter."""
    return reason[:1].isupper()


def _of_class(connection: Connection, name: str, members: Iterator[tuple[str, int]], at_once: int) -> Iterator[tuple[str, int]]:
    """Yield the members whose last error is of this class: the last word of `dead:reason_of`, after the reason or alone."""
    while some := list(islice(members, at_once)):
        found = connection.answer("hmget", connection.keys.of("dead:reason_of"), [member for member, _ in some]) or []
        yield from (each for each, reason in zip(some, found, strict=False) if (reason or "").rpartition(" ")[2] == name)


def _of_job(connection: Connection, job_id: str, index: str) -> Iterator[tuple[str, int]]:
    """Yield the letters of a job that are in an index, newest first."""
    items = connection.answer("hkeys", connection.keys.job(job_id, "dead")) or []
    found: list[tuple[str, int]] = []
    for at in range(0, len(items), _MEMBERS_AT_ONCE):
        members = [f"{job_id}/{item}" for item in items[at : at + _MEMBERS_AT_ONCE]]
        scores = connection.answer("zmscore", index, members) or [None] * len(members)
        found += [(member, whole_number(score)) for member, score in zip(members, scores, strict=True) if score is not None]
    # In the order of the index: letters of the same millisecond by name.
    yield from sorted(found, key=lambda each: (each[1], each[0]), reverse=True)
