"""Reads the reasons of dead letters for operators: how many, since when, how many just now, of which jobs and labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scenequeue.jobs.ids import JobId
from scenequeue.jobs.result import DeadLetter
from scenequeue.ports.steering.dead_search import count_reasons, labels_in
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import counts_from, letter_from, member_parts, whole_number

#: Newest letters of each reason whose jobs are looked at.
LOOKED_AT = 30
_MINUTE_MS = 60_000


class LettersOfJob(NamedTuple):
    """The newest letters of a reason that belong to one job."""

    job_id: JobId
    letters: int
    #: Of the whole job: its dead items, of all reasons, and its done ones.
    dead: int
    done: int
    labels: Mapping[str, str]


class DeadReason(NamedTuple):
    """Dead letters whose last attempt failed for the same reason."""

    #: As `inspect.reasons` counts them: a code, a class of errors, or "other".
    reason: str
    letters: int
    #: Burial of the oldest and the newest letter, by the Redis clock.
    first_ms: int
    last_ms: int
    last_minute: int
    #: Jobs of the newest LOOKED_AT letters, those with most of them first.
    jobs: tuple[LettersOfJob, ...]
    #: The newest letter; None if it is gone by now.
    example: DeadLetter | None

    @property
    def is_whole(self) -> bool:
        """True if `jobs` are those of all letters."""
        return sum(job.letters for job in self.jobs) >= self.letters


def read_dead_reasons(connection: Connection, now_ms: int, limit: int) -> list[DeadReason]:
    """Return the most frequent reasons, with what is known of each.

    Cost: three round trips, of O(limit): neither the letters nor the jobs of the queue are counted through.
    """
    wanted = list(count_reasons(connection))[:limit]
    if not wanted:
        return []
    found = [each for part in connection.all for each in _in_structure(part, wanted, now_ms)]
    return sorted(_merged(found), key=lambda each: (-each.letters, each.reason))


def _in_structure(connection: Connection, wanted: Sequence[str], now_ms: int) -> list[DeadReason]:
    keys = connection.keys
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        for reason in wanted:
            index = keys.of(f"dead:reason:{reason}")
            pipeline.zcard(index)
            pipeline.zrange(index, 0, 0, withscores=True)
            pipeline.zrange(index, 0, LOOKED_AT - 1, desc=True, withscores=True)
            pipeline.zcount(index, now_ms - _MINUTE_MS, "+inf")
        answers = iter(connection.answers(pipeline))
    indexes = [(reason, *(next(answers) for _ in range(4))) for reason in wanted]
    indexes = [each for each in indexes if each[1] and each[2] and each[3]]
    members = [[member_parts(member) for member, _ in newest] for *_, newest, _ in indexes]
    ids = list(dict.fromkeys(job_id for found in members for job_id, _ in found))
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        for job_id in ids:
            pipeline.hmget(keys.job(job_id), "labels", "dead", "done")
        for found in members:
            pipeline.hget(keys.job(found[0][0], "dead"), found[0][1])
        answers = iter(connection.answers(pipeline))
    jobs = {job_id: _job(next(answers)) for job_id in ids}
    return [
        DeadReason(
            reason,
            letters=letters,
            first_ms=whole_number(oldest[0][1]),
            last_ms=whole_number(newest[0][1]),
            last_minute=last_minute or 0,
            jobs=tuple(
                LettersOfJob(job_id, count, *jobs[job_id])
                for job_id, count in Counter(job_id for job_id, _ in found).most_common()
            ),
            example=None if (text := next(answers)) is None else letter_from(*found[0], text, whole_number(newest[0][1])),
        )
        for (reason, letters, oldest, newest, last_minute), found in zip(indexes, members, strict=True)
    ]


def _job(fields: Sequence[str | None] | None) -> tuple[int, int, dict[str, str]]:
    labels, dead, done = fields or (None, None, None)
    counts = counts_from({"dead": dead or "", "done": done or ""})
    texts = {name: value for name, value in labels_in(labels).items() if isinstance(value, str)}
    return counts.dead, counts.done, texts


def _merged(found: Sequence[DeadReason]) -> list[DeadReason]:
    """Put the same reason of several structures together."""
    by_reason: dict[str, DeadReason] = {}
    for each in found:
        other = by_reason.get(each.reason)
        by_reason[each.reason] = each if other is None else _sum(other, each)
    return list(by_reason.values())


def _sum(one: DeadReason, other: DeadReason) -> DeadReason:
    changed: dict[str, Any] = {
        "letters": one.letters + other.letters,
        "first_ms": min(one.first_ms, other.first_ms),
        "last_ms": max(one.last_ms, other.last_ms),
        "last_minute": one.last_minute + other.last_minute,
        "jobs": tuple(sorted((*one.jobs, *other.jobs), key=lambda job: (-job.letters, job.job_id))),
    }
    return (one if one.last_ms >= other.last_ms else other)._replace(**changed)
