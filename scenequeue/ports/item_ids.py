"""Finds the ids that the items of a job can have, in the caller's order."""

import re
from collections.abc import Iterator, Sequence

from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number


def deferred_stages(connection: Connection, job_id: str) -> list[int]:
    """Return the numbers of a job's deferred stages: their items are brought by items of the stage before."""
    text = connection.answer("hget", connection.keys.job(job_id), "deferred") or ""
    return [whole_number(number) for number in text.split()]


def ids_of_stage(connection: Connection, job_id: str, stage: int, total: int, deferred: Sequence[int]) -> Iterator[str]:
    """Yield all ids that items of a stage can have, in the caller's order; some may not exist.

    In a deferred stage the ids contain that of the item which brought them, and follow in the order of those items.

    Args:
        connection: of the structure that holds the job.
        job_id: the job.
        stage: its number, from 0.
        total: number of items of the whole job; no stage has more.
        deferred: the answer of `deferred_stages`.
    """
    if stage not in deferred:
        yield from (f"{stage}-{index}" for index in range(total))
        return
    brought = connection.answer("hgetall", connection.keys.job(job_id, "brought")) or {}
    for bringer in sorted((each for each in brought if each.startswith(f"{stage - 1}-")), key=place_of):
        index = bringer.partition("-")[2]
        yield from (f"{stage}-{index}.{number}" for number in range(min(total, whole_number(brought[bringer]))))


def place_of(item_id: str) -> tuple[int, ...]:
    """Return an item's place in the caller's order: (stage, index); in a deferred stage (stage, index of its bringer, number)."""
    return tuple(map(whole_number, re.split(r"[-.]", item_id)))
