"""Looking into the queue without touching it."""

import json
from collections import deque
from typing import Any, NamedTuple

from scenequeue.connection import Connection
from scenequeue.errors import JobNotFound
from scenequeue.items import ContainerRecord, DeadLetter, Depth, JobStatus, Lane, WorkItem
from scenequeue.names import ContainerId, ItemId, JobId
from scenequeue.records import container_from, counts_from, job_from

#: More jobs of a lane than this are not asked for their age.
_JOBS_LOOKED_AT = 1000


class LeasedItem(NamedTuple):
    """An item that a container works on now."""

    job_id: JobId
    item_id: ItemId
    container_id: ContainerId
    #: Redis clock.
    deadline_ms: int
    attempt: int
    name: str


class QueueInspector:
    """Read-only; every list is bounded by its `limit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = connection.keys

    def depth(self) -> Depth:
        """The queue at a glance. Cost: one round trip, O(1) however much waits."""
        with self._connection.translated():
            pipeline = self._connection.client.pipeline(transaction=True)
            pipeline.hgetall(self._keys.counts)
            pipeline.hexists(self._keys.control, "paused")
            fields, paused = pipeline.execute()
        return Depth(
            counts=counts_from(fields),
            ready_by_lane={lane: int(fields.get(f"ready:{lane.value}", 0)) for lane in Lane},
            ready_weight=int(fields.get("ready_weight_ms", 0)) / 1000,
            is_paused=bool(paused),
        )

    def backlog_age_s(self) -> float:
        """Age of the oldest job that has ready items, in seconds; 0 without backlog.

        Of each lane, the thousand jobs are looked at that have waited longest for their turn. Cost: two round trips.
        """
        with self._connection.translated():
            pipeline = self._connection.client.pipeline(transaction=False)
            for lane in Lane:
                pipeline.zrange(self._keys.lane(lane.value), 0, _JOBS_LOOKED_AT - 1)
            ids = [job_id for ring in pipeline.execute() for job_id in ring]
            for job_id in ids:
                pipeline.hget(self._keys.job(job_id), "created_ms")
            created_ms = [int(created) for created in pipeline.execute() if created] if ids else []
        return max(0.0, (self._connection.now_ms() - min(created_ms)) / 1000) if created_ms else 0.0

    def job(self, job_id: str) -> JobStatus:
        """How a job stands.

        Raises:
            JobNotFound: no job of this id.
        """
        with self._connection.translated():
            fields = self._connection.client.hgetall(self._keys.job(job_id))
        if "state" not in fields:
            raise JobNotFound(f"no job {job_id!r}: never submitted here, or its results have expired")
        return job_from(job_id, fields)

    def jobs(self, limit: int = 100) -> list[JobStatus]:
        """Jobs, newest first."""
        with self._connection.translated():
            ids = self._connection.client.zrange(self._keys.jobs, 0, limit - 1, desc=True)
            found = self._hashes([self._keys.job(job_id) for job_id in ids])
        return [job_from(job_id, fields) for job_id, fields in zip(ids, found, strict=True) if "state" in fields]

    def peek(self, count: int = 10, lane: Lane | None = None) -> list[tuple[JobId, ItemId, WorkItem]]:
        """The items that would be leased next, in that order, as far as can be said without leasing them."""
        found: list[tuple[JobId, ItemId, WorkItem]] = []
        for each in [lane] if lane else list(Lane):
            found += self._peek_lane(each, count - len(found))
            if len(found) >= count:
                break
        return found

    def _peek_lane(self, lane: Lane, count: int) -> list[tuple[JobId, ItemId, WorkItem]]:
        with self._connection.translated():
            ids = self._connection.client.zrange(self._keys.lane(lane.value), 0, count - 1)
            pipeline = self._connection.client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.lrange(self._keys.job(job_id, "ready"), 0, count - 1)
            lists = pipeline.execute() if ids else []
        turns = deque((job_id, deque(elements)) for job_id, elements in zip(ids, lists, strict=True) if elements)
        found: list[tuple[JobId, ItemId, WorkItem]] = []
        while turns and len(found) < count:
            job_id, elements = turns.popleft()
            item_id, _, body = elements.popleft().split(" ", 2)
            found.append((JobId(job_id), ItemId(item_id), WorkItem.shown(body)))
            if elements:
                turns.append((job_id, elements))
        return found

    def leased(self, limit: int = 1000) -> list[LeasedItem]:
        """What is being worked on, the lease that ends first at the front."""
        with self._connection.translated():
            members = self._connection.client.zrange(self._keys.leases, 0, limit - 1, withscores=True)
            hashes = self._hashes([f"{self._keys.prefix}item:{member}" for member, _ in members])
        items = []
        for (member, deadline_ms), fields in zip(members, hashes, strict=True):
            if "token" not in fields:
                continue
            job_id, item_id = member.split("/")
            name = WorkItem.shown(fields["body"]).name
            items.append(
                LeasedItem(
                    JobId(job_id),
                    ItemId(item_id),
                    ContainerId(fields["container"]),
                    int(deadline_ms),
                    int(fields["attempt"]),
                    name,
                )
            )
        return items

    def dead(self, job_id: str | None = None, limit: int = 100) -> list[DeadLetter]:
        """Dead letters, newest first, of one job or of all."""
        with self._connection.translated():
            if job_id is not None:
                letters = self._connection.client.hvals(self._keys.job(job_id, "dead"))
            else:
                members = self._connection.client.zrange(self._keys.dead, 0, limit - 1, desc=True)
                pipeline = self._connection.client.pipeline(transaction=False)
                for member in members:
                    job, item = member.split("/")
                    pipeline.hget(self._keys.job(job, "dead"), item)
                letters = pipeline.execute() if members else []
        found = [DeadLetter.model_validate_json(letter) for letter in letters if letter]
        return sorted(found, key=lambda letter: -letter.buried_ms)[:limit]

    def containers(self, limit: int = 1000) -> list[ContainerRecord]:
        """Containers that were heard of lately, newest first."""
        with self._connection.translated():
            ids = self._connection.client.zrange(self._keys.containers, 0, limit - 1, desc=True)
            hashes = self._hashes([self._keys.container(container_id) for container_id in ids])
        return [container_from(fields) for fields in hashes if "container_id" in fields]

    def plan(self) -> dict[str, Any] | None:
        """The dispatcher's last decision; None when none was made lately."""
        with self._connection.translated():
            plan = self._connection.client.get(self._keys.plan)
        return dict(json.loads(plan)) if plan else None

    def now_ms(self) -> int:
        """Redis's own clock, in Unix milliseconds."""
        return self._connection.now_ms()

    def server(self) -> dict[str, Any]:
        """What Redis says of itself: the fields of INFO, for redis_health.find_problems.

        Raises:
            SettingsError: the user may not read it; since INFO is part of every role, its rules are old.
        """
        with self._connection.translated():
            return dict(self._connection.client.info())

    def _hashes(self, keys: list[str]) -> list[dict[str, str]]:
        if not keys:
            return []
        pipeline = self._connection.client.pipeline(transaction=False)
        for key in keys:
            pipeline.hgetall(key)
        return list(pipeline.execute())
