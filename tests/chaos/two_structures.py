"""Looks into the keys of two structures of a queue, and judges what became of the jobs in them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chaos.judge.history import violations
from scenequeue.jobs.item import ItemState
from scenequeue.jobs.job import JobState
from scenequeue.queue import SceneQueue

#: Keys of a structure that stay when nothing is queued in it; all others must expire or be gone.
_AT_REST = {"counts", "needs", "jobs", "expiring"}


class StructuresView:
    """The keys of each structure of one namespace.

    Args:
        admin: a connection to the server.
        namespace: of the queue.
    """

    def __init__(self, admin: Any, namespace: str) -> None:
        self._admin, self._prefix = admin, "{" + namespace + "}"

    def counts(self, structure: int) -> dict[str, int]:
        """Return how many items are in each state in one structure."""
        fields: dict[str, Any] = self._admin.hgetall(f"{self._prefix}:{structure}:counts")
        return {state.value: int(fields.get(state.value, 0)) for state in ItemState}

    def done(self) -> int:
        """Return how many items are done in both structures."""
        return self.counts(2)["done"] + self.counts(3)["done"]

    def waits(self, structure: int) -> int:
        """Return how many items are left to do in one structure."""
        counts = self.counts(structure)
        return counts["ready"] + counts["leased"] + counts["delayed"]

    def holds(self, structure: int, job_id: str) -> bool:
        """Return True if a job is in this structure."""
        return bool(self._admin.exists(f"{self._prefix}:{structure}:job:{job_id}"))

    def kept(self, structure: int) -> dict[str, Any]:
        """Return all that a structure keeps without a time limit."""
        keys = [key for key in self._keys(structure) if self._admin.ttl(key) == -1]
        return {key: self._value(key) for key in keys}

    def _value(self, key: str) -> Any:
        kind, raw = self._admin.type(key), self._admin
        read = {
            "string": raw.get,
            "hash": raw.hgetall,
            "set": lambda each: sorted(raw.smembers(each)),
            "list": lambda each: raw.lrange(each, 0, -1),
            "zset": lambda each: raw.zrange(each, 0, -1, withscores=True),
            "stream": raw.xrange,
        }
        return read[kind](key)

    def _keys(self, structure: int) -> Iterator[str]:
        yield from sorted(self._admin.scan_iter(match=f"{self._prefix}:{structure}:*", count=1000))


def judge(queue: SceneQueue, view: StructuresView, expected: Sequence[str], outputs: Path) -> None:
    """Assert that exactly these jobs are there and done, each item once, and by a container that looks at its structure.

    Args:
        queue: one that serves both structures.
        view: the same queue's keys.
        expected: ids of all jobs.
        outputs: folder with the outputs of all items.
    """
    jobs = queue.inspect.jobs(10_000)
    found = sorted(job.job_id for job in jobs)
    assert found == sorted(expected), f"{found} instead of {expected}"
    assert {job.state for job in jobs} == {JobState.DONE}
    looks_at_3 = {record.container_id for record in queue.inspect.containers(10_000) if "3" in record.structures.split()}
    for job in jobs:
        results = list(queue.producer.results(job.job_id))
        events = queue.producer.events(job.job_id, count=10_000)
        assert violations(job.job_id, events, results) == []
        assert len(results) == job.counts.total
        assert all((outputs / f"{job.job_id}-{number}").exists() for number in range(len(results)))
        leased_by = {event.fields["container"] for event in events if event.event == "leased"}
        assert leased_by <= looks_at_3 or not view.holds(3, job.job_id), f"{job.job_id} was leased by {leased_by - looks_at_3}"
    for structure in (2, 3):
        assert {key.split(":")[2] for key in view.kept(structure)} <= _AT_REST
