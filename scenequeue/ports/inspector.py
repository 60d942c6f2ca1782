"""Looking into the queue without touching it."""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from scenequeue.errors import JobNotFound
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, ItemId, JobId, is_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Counts, Depth, JobStatus, Lane, WaitingItems
from scenequeue.jobs.job_filter import JobFilter, JobPage
from scenequeue.jobs.result import DeadLetter
from scenequeue.jobs.rollup import Resolution, Rollup
from scenequeue.jobs.waiting import Surroundings, may_wait, stand_still, why_standing_still, why_waiting
from scenequeue.ports.audit_log import Act, read_acts
from scenequeue.ports.dead_search import DeadFilter, count_reasons, find_letters, matching_letters
from scenequeue.ports.job_lookup import read_job, status_of
from scenequeue.ports.job_search import find_jobs
from scenequeue.ports.limits import Limit, read_limits
from scenequeue.ports.rollups import read_rollups
from scenequeue.reasons import Code, Reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import (
    MALFORMED,
    container_from,
    counts_from,
    element_from,
    letter_from,
    member_parts,
    plan_from,
    whole_number,
)
from scenequeue.structure.merging import merged

_WAITING_FIELDS = 5


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
            for each in self._connection.all:
                pipeline.hgetall(each.keys.counts)
            pipeline.hexists(self._keys.control, "paused")
            *counts, paused = self._connection.answers(pipeline)
        found = [fields or {} for fields in counts]
        states = [counts_from(fields).model_dump() for fields in found]
        return Depth(
            counts=Counts(**{state: sum(each[state] for each in states) for state in Counts.model_fields}),
            ready_by_lane={lane: _sum_of(found, f"ready:{lane.value}:") for lane in Lane},
            ready_weight=_sum_of(found, "weight:") / 1000,
            is_paused=bool(paused),
            malformed=tuple(sorted({name for fields in found for name, value in fields.items() if not _is_number(value)})),
        )

    def waiting(self) -> list[WaitingItems]:
        """Count what is ready, lane by lane and need by need. Cost: one round trip, O(needs) however much waits."""
        lanes, found = " ".join(lane.value for lane in Lane), []
        for each in self._connection.all:
            answer = each.run("waiting", lanes)
            for at in range(0, len(answer), _WAITING_FIELDS):
                lane, need, ready, weight, age = answer[at : at + _WAITING_FIELDS]
                found.append(WaitingItems(Lane(lane), each.need(need), ready, weight / 1000, age / 1000))
        return found

    def backlog_age_s(self) -> float:
        """The longest that a job with ready items has waited, in seconds; 0 without backlog. Cost: as `waiting`."""
        return max((each.oldest_s for each in self.waiting()), default=0.0)

    def job(self, job_id: str) -> JobStatus:
        """Return the status of a job.

        Raises:
            JobNotFound: no job of this id.
        """
        return read_job(self._connection, job_id)

    def find_jobs(self, wanted: JobFilter, limit: int = 50) -> JobPage:
        """Return the newest jobs that match a filter; see scenequeue/ports/job_search.py for the cost."""
        return find_jobs(self._connection, wanted, limit, self._connection.indexed_labels)

    def jobs(self, limit: int = 100) -> list[JobStatus]:
        """Jobs, newest first."""
        return merged(self._connection, lambda each: _jobs_of(each, limit), lambda job: -job.created_ms, limit)

    def peek(self, count: int = 10, lane: Lane | None = None) -> list[tuple[JobId, ItemId, WorkItem]]:
        """The items that would be leased next, in that order, as far as can be said without leasing them."""
        found: list[tuple[JobId, ItemId, WorkItem]] = []
        for each, connection in product([lane] if lane else list(Lane), self._connection.all):
            found += _peek_lane(connection, each, count - len(found))
            if len(found) >= count:
                break
        return found

    def leased(self, limit: int = 1000) -> list[LeasedItem]:
        """Return the items that are being worked on, the lease that ends first at the front."""
        return merged(self._connection, lambda each: _leased_of(each, limit), lambda item: item.deadline_ms, limit)

    def dead(self, job_id: str | None = None, limit: int = 100) -> list[DeadLetter]:
        """Dead letters, newest first, of one job or of all. Cost: as `find_dead`."""
        return self.find_dead(DeadFilter(job=job_id or ""), limit)

    def find_dead(self, wanted: DeadFilter, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match a filter; see scenequeue/ports/dead_search.py for the cost."""
        return find_letters(self._connection, wanted, limit)

    def reasons(self) -> dict[str, int]:
        """Count dead letters by reason, the most frequent first. Cost: one read."""
        return count_reasons(self._connection)

    def dead_ids(self, job_id: str) -> list[ItemId]:
        """The items of a job that are dead letters, newest first."""
        found = merged(self._connection, lambda each: matching_letters(each, DeadFilter(job=job_id)), lambda letter: -letter[1])
        return [member_parts(member)[1] for member, _ in found]

    def dead_letter(self, job_id: str, item_id: str) -> DeadLetter:
        """One dead letter. Cost: one read, however many there are.

        Raises:
            JobNotFound: there is no such dead letter.
        """
        for each in self._connection.all:
            text = each.answer("hget", each.keys.job(job_id, "dead"), item_id)
            if text is not None:
                return letter_from(job_id, item_id, text, 0)
        raise JobNotFound(Code.LETTER_UNKNOWN, item_id=item_id, job_id=job_id)

    def containers(self, limit: int = 1000) -> list[ContainerRecord]:
        """Containers that were heard of lately, newest first."""
        with self._connection.translated():
            ids = self._connection.answer("zrange", self._keys.containers, 0, limit - 1, desc=True) or []
            hashes = self._connection.hashes([self._keys.container(container_id) for container_id in ids])
        return [container_from(container_id, fields) for container_id, fields in zip(ids, hashes, strict=True) if fields]

    def container(self, container_id: str) -> ContainerRecord | None:
        """The record of one container; None when there is none, any more."""
        with self._connection.translated():
            fields = self._connection.answer("hgetall", self._keys.container(container_id))
        return container_from(container_id, fields) if fields else None

    def log(self, container_id: str) -> list[str]:
        """The last lines that a container has logged, oldest first: at most 200, as its heartbeats told them."""
        found = self._connection.answer("lrange", self._keys.log(container_id), 0, -1) or []
        return [element.partition(" ")[2] for element in reversed(found)]

    def acts(self, limit: int = 100) -> list[Act]:
        """Acts of operators, newest first; of about 10,000 that are kept."""
        return read_acts(self._connection, limit)

    def history(self, resolution: Resolution) -> list[Rollup]:
        """The queue's history, the oldest slot first."""
        return read_rollups(self._connection, resolution, self.now_ms())

    def limits(self) -> list[Limit]:
        """The limits that operators changed. Cost: one read."""
        return read_limits(self._connection)

    def plan(self) -> dict[str, Any] | None:
        """The dispatcher's last decision; None when none was made lately."""
        with self._connection.translated():
            plan = self._connection.answer("get", self._keys.plan)
        return plan_from(plan) if plan else None

    def waits_because(self, status: JobStatus) -> Reason | None:
        """Find the reason that nothing of a job is worked on; None where something is, or nothing is left.

        Cost: one round trip for a job that waits, three more where no dispatcher acts; none for another.
        """
        return why_waiting(status, self._surroundings()) if may_wait(status) else None

    def stands_still_because(self, counts: Counts) -> Reason | None:
        """Find the reason that nothing of the whole queue is worked on; None where something is, or nothing is left.

        Args:
            counts: as `depth` has just found them.

        Cost: as `waits_because`.
        """
        return why_standing_still(counts, self._surroundings()) if stand_still(counts) else None

    def _surroundings(self) -> Surroundings:
        with self._connection.translated():
            pipeline = self._connection.client.pipeline(transaction=False)
            pipeline.hexists(self._keys.control, "paused")
            pipeline.get(self._keys.plan)
            paused, text = self._connection.answers(pipeline)
        structures = [each.structure for each in self._connection.all]
        if text:
            return Surroundings(bool(paused), plan_from(text), structures=structures)
        return Surroundings(bool(paused), None, self.containers(), self.now_ms(), structures)

    def is_transient(self) -> bool:
        """True for a queue that ends with its Redis, which keeps nothing on purpose."""
        with self._connection.translated():
            return bool(self._connection.answer("hexists", self._keys.control, "transient"))

    def now_ms(self) -> int:
        """Redis's own clock, in Unix milliseconds."""
        return self._connection.now_ms()

    def server(self) -> dict[str, Any]:
        """Read the fields of INFO, for redis_health.find_problems.

        Raises:
            SettingsError: the user may not read it; since INFO is part of every role, its rules are old.
        """
        return self._connection.server()


def _sum_of(hashes: Iterable[Mapping[str, str]], prefix: str) -> int:
    """The sum of some counters, each at least 0."""
    return sum(max(0, whole_number(value)) for fields in hashes for name, value in fields.items() if name.startswith(prefix))


def _jobs_of(connection: Connection, limit: int) -> list[JobStatus]:
    """The newest jobs of one structure."""
    ids = connection.answer("zrange", connection.keys.jobs, 0, limit - 1, desc=True) or []
    found = connection.hashes([connection.keys.job(job_id) for job_id in ids])
    # An id in the index without a hash is that of an expired job, unless no job can have it.
    known = zip(ids, found, strict=True)
    return [status_of(connection, job_id, fields) for job_id, fields in known if fields or not is_job_id(job_id)]


def _peek_lane(connection: Connection, lane: Lane, count: int) -> list[tuple[JobId, ItemId, WorkItem]]:
    """The next items of one lane of one structure."""
    keys = connection.keys
    with connection.translated():
        needs = sorted(connection.answer("smembers", keys.needs) or ())
        pipeline = connection.client.pipeline(transaction=False)
        for need in needs:
            pipeline.zrange(keys.lane(lane.value, need), 0, count - 1, withscores=True)
        rings = connection.answers(pipeline) if needs else []
        in_ring = ((turn, job_id, need) for need, ring in zip(needs, rings, strict=True) for job_id, turn in ring or ())
        places = sorted(in_ring)[:count]
        for _, job_id, need in places:
            pipeline.lrange(keys.ready(job_id, need), 0, count - 1)
        lists = connection.answers(pipeline) if places else []
    turns = deque((job_id, deque(elements)) for (_, job_id, _), elements in zip(places, lists, strict=True) if elements)
    found: list[tuple[JobId, ItemId, WorkItem]] = []
    while turns and len(found) < count:
        job_id, elements = turns.popleft()
        found.append((JobId(job_id), *element_from(elements.popleft())))
        if elements:
            turns.append((job_id, elements))
    return found


def _leased_of(connection: Connection, limit: int) -> list[LeasedItem]:
    """The leased items of one structure, the lease that ends first at the front."""
    members = connection.answer("zrange", connection.keys.leases, 0, limit - 1, withscores=True) or []
    hashes = connection.hashes([connection.keys.of(f"item:{member}") for member, _ in members])
    leases = zip(members, hashes, strict=True)
    return [_leased(member, int(deadline_ms), fields) for (member, deadline_ms), fields in leases if fields]


def _leased(member: str, deadline_ms: int, fields: dict[str, str]) -> LeasedItem:
    """An item's hash; one that is not leased, though the index says so, or has no body is shown as malformed."""
    is_whole = {"token", "body", "container", "attempt"} <= fields.keys()
    name = WorkItem.shown(fields["body"]).name if is_whole else MALFORMED
    container, attempt = ContainerId(fields.get("container", "")), whole_number(fields.get("attempt"))
    return LeasedItem(*member_parts(member), container, deadline_ms, attempt, name)


def _is_number(text: str) -> bool:
    try:
        return int(text) is not None
    except ValueError:
        # A job's turns between others are counted in halves.
        return text.removesuffix(".5").isdecimal()
