"""Reads the error of the items that wait for their next attempt."""

import json
from typing import NamedTuple

from pydantic import ValidationError

from scenequeue.jobs.ids import ItemId, JobId
from scenequeue.jobs.result import ItemErrorRecord
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import member_parts, whole_number

#: Items that one call looks at in each structure: those that are due first.
LOOKED_AT = 20


class Retry(NamedTuple):
    """An item that waits for its next attempt."""

    job_id: JobId
    item_id: ItemId
    #: Time of the attempt, by the Redis clock.
    due_ms: int
    #: Of the last attempt.
    error: ItemErrorRecord


def read_retries(connection: Connection) -> list[Retry]:
    """Return the items that are due first, at most LOOKED_AT in each structure. Cost: two round trips in each."""
    found = []
    for each in connection.all:
        members = each.answer("zrange", each.keys.delayed, 0, LOOKED_AT - 1, withscores=True) or []
        if not members:
            continue
        with each.translated():
            pipeline = each.client.pipeline(transaction=False)
            for member, _ in members:
                job_id, item_id = member_parts(member)
                pipeline.hget(each.keys.job(job_id, "history"), item_id)
            answers = each.answers(pipeline)
        for (member, due_ms), text in zip(members, answers, strict=True):
            if error := _last_error(text):
                found.append(Retry(*member_parts(member), whole_number(due_ms), error))
    return sorted(found, key=lambda retry: retry.due_ms)


def _last_error(text: str | None) -> ItemErrorRecord | None:
    """Return the newest error of a history; None if it cannot be read."""
    try:
        return ItemErrorRecord.model_validate(json.loads(text or "[]")[-1])
    except (ValueError, TypeError, LookupError, RecursionError, ValidationError):
        return None
