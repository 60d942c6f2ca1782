"""Finds the ids that the items of a job can have, in the caller's order."""

import re
from collections.abc import Iterator, Sequence

from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number


def deferred_stages(connection: Connection, job_id: str) -> list[int]:
    """Return the numbers of the stages whose items are brought by those of the stage before."""
    text = connection.answer("hget", connection.keys.job(job_id), "deferred") or ""
    return [whole_number(number) for number in text.split()]


def ids_of_stage(connection: Connection, job_id: str, stage: int, total: int, deferred: Sequence[int]) -> Iterator[str]:
    """Find the ids of a stage: by index, or, of items that were brought, in the order of those that brought them.

    Args:
        connection: where the job is.
        job_id: whose.
        stage: which.
        total: how many items the job has.
        deferred: as `deferred_stages` answers.
    """
    if stage not in deferred:
        yield from (f"{stage}-{index}" for index in range(total))
        return
    brought = connection.answer("hgetall", connection.keys.job(job_id, "brought")) or {}
    for bringer in sorted((each for each in brought if each.startswith(f"{stage - 1}-")), key=place_of):
        index = bringer.partition("-")[2]
        yield from (f"{stage}-{index}.{number}" for number in range(min(total, whole_number(brought[bringer]))))


def place_of(item_id: str) -> tuple[int, ...]:
    """Return stage and index of an item, and its number among those that the same one has brought."""
    return tuple(map(whole_number, re.split(r"[-.]", item_id)))
