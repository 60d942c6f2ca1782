"""Reads the queue for operators and dashboards, without changing it."""

from collections.abc import Iterable, Mapping
from itertools import chain, islice, product
from typing import Any

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ItemId, JobId
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import Counts, Depth, JobState, JobStatus, Lane, WaitingItems
from scenequeue.jobs.job_filter import JobFilter, JobPage
from scenequeue.jobs.result import DeadLetter
from scenequeue.jobs.rollup import Resolution, Rollup
from scenequeue.jobs.waiting_reason import may_wait, stand_still, why_standing_still, why_waiting
from scenequeue.ports.decisions import read_decisions
from scenequeue.ports.item_listing import HeldItem, LeasedItem, held_by, leased_of, peek_lane
from scenequeue.ports.job_lookup import read_job, read_jobs
from scenequeue.ports.job_search import count_jobs, find_jobs
from scenequeue.ports.rates import read_rates
from scenequeue.ports.rollups import read_rollups
from scenequeue.ports.steering.dead_search import (
    DeadFilter,
    count_reasons,
    find_letters,
    matching_letters,
    read_letter,
    read_letter_named,
)
from scenequeue.ports.steering.drain_marks import with_drain_marks
from scenequeue.ports.steering.pauses import PAUSE_FIELDS, paused_lanes, pauses_in
from scenequeue.ports.steering.reader import SteeringReader
from scenequeue.ports.troubles.dead_reasons import DeadReason, read_dead_reasons
from scenequeue.ports.troubles.failing_callbacks import FailingReceiver, failing_receivers
from scenequeue.ports.troubles.retries import Retry, read_retries
from scenequeue.ports.troubles.standing_still import find_holding, read_surroundings
from scenequeue.ports.troubles.stuck_items import StuckItem, stuck_items
from scenequeue.published.decision import Decision
from scenequeue.published.plan import plan_from
from scenequeue.reasons import Reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import container_from, counts_from, member_parts, whole_number
from scenequeue.structure.merging import merged

_WAITING_FIELDS = 5


class QueueInspector(SteeringReader):
    """Read-only; every list is bounded by its `limit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys = connection.keys

    def depth(self) -> Depth:
        """Return the counts of the whole queue. Cost: one round trip, O(1) in the number of items."""
        with self._connection.translated():
            pipeline = self._connection.client.pipeline(transaction=True)
            for each in self._connection.all:
                pipeline.hgetall(each.keys.counts)
            pipeline.hmget(self._keys.control, PAUSE_FIELDS)
            *counts, texts = self._connection.answers(pipeline)
        pauses = pauses_in(texts or ())
        found = [fields or {} for fields in counts]
        states = [counts_from(fields).model_dump() for fields in found]
        return Depth(
            counts=Counts(**{state: sum(each[state] for each in states) for state in Counts.model_fields}),
            ready_by_lane={lane: _sum_of(found, f"ready:{lane.value}:") for lane in Lane},
            ready_weight=_sum_of(found, "weight:") / 1000,
            is_paused=any(not pause.about for pause in pauses),
            paused_lanes=paused_lanes(pauses),
            ready_of_paused_jobs=_sum_of(found, "ready:paused:"),
            films=_total(found, "films"),
            others=_total(found, "others"),
            malformed=tuple(sorted({name for fields in found for name, value in fields.items() if not _is_number(value)})),
        )

    def waiting(self) -> list[WaitingItems]:
        """Count the ready items by lane and need, without those of paused lanes and jobs. Cost: one round trip, O(needs)."""
        lanes, found = " ".join(lane.value for lane in Lane), []
        for each in self._connection.all:
            answer = each.run("waiting", lanes)
            for at in range(0, len(answer), _WAITING_FIELDS):
                lane, need, ready, weight, age = answer[at : at + _WAITING_FIELDS]
                found.append(WaitingItems(Lane(lane), each.need(need), ready, weight / 1000, age / 1000))
        return found

    def backlog_age_s(self) -> float:
        """Return the longest time that a job with ready items has waited, in seconds; 0 without backlog. Cost: as `waiting`.

        Paused items do not count.
        """
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

    def count_jobs(self) -> dict[JobState, int]:
        """Count the jobs of the whole queue by state. Cost: one round trip."""
        return count_jobs(self._connection)

    def jobs(self, limit: int = 100) -> list[JobStatus]:
        """Return the newest jobs, newest first."""
        return merged(self._connection, lambda each: _jobs_of(each, limit), lambda job: -job.created_ms, limit)

    def peek(self, count: int = 10, lane: Lane | None = None) -> list[tuple[JobId, ItemId, WorkItem]]:
        """Return the items that would be leased next, in that order; an estimate, as every lease changes the jobs' turns.

        While everything is paused, those that would be leased without that pause.
        """
        found: list[tuple[JobId, ItemId, WorkItem]] = []
        paused = paused_lanes(pauses_in(self._connection.answer("hmget", self._keys.control, PAUSE_FIELDS) or ()))
        lanes = [each for each in ([lane] if lane else Lane) if each not in paused]
        for each, connection in product(lanes, self._connection.all):
            found += peek_lane(connection, each, count - len(found))
            if len(found) >= count:
                break
        return found

    def leased(self, limit: int = 1000) -> list[LeasedItem]:
        """Return the leased items, in the order in which their leases end."""
        return merged(self._connection, lambda each: leased_of(each, limit), lambda item: item.deadline_ms, limit)

    def dead(self, job_id: str | None = None, limit: int = 100) -> list[DeadLetter]:
        """Return the dead letters of one job, or of all, newest first. Cost: as `find_dead`."""
        return self.find_dead(DeadFilter(job=job_id or ""), limit)

    def find_dead(self, wanted: DeadFilter, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match a filter; see scenequeue/ports/steering/dead_search.py for the cost."""
        return find_letters(self._connection, wanted, limit)

    def count_dead(self, wanted: DeadFilter, limit: int) -> int:
        """Count the dead letters that match a filter, up to a limit. Cost: as `find_dead`, without the letters themselves."""
        found = (matching_letters(each, wanted) for each in self._connection.all)
        return sum(1 for _ in islice(chain.from_iterable(found), limit))

    def rates(self) -> dict[str, float]:
        """Return need -> measured seconds of work per unit of weight. Cost: one read."""
        return read_rates(self._connection)

    def reasons(self) -> dict[str, int]:
        """Count dead letters by reason, the most frequent first. Cost: one read."""
        return count_reasons(self._connection)

    def dead_reasons(self, limit: int = 10) -> list[DeadReason]:
        """Return the most frequent reasons of dead letters, each with its times, jobs and an example; see dead_reasons.py."""
        return read_dead_reasons(self._connection, self.now_ms(), limit)

    def retries(self) -> list[Retry]:
        """Return the items whose next attempt is due first, with their last errors, at most 20. Cost: two reads."""
        return read_retries(self._connection)

    def dead_ids(self, job_id: str) -> list[ItemId]:
        """Return the ids of a job's dead items, newest first; if several structures hold a job of this id, of all of them."""
        found = merged(self._connection, lambda each: matching_letters(each, DeadFilter(job=job_id)), lambda letter: -letter[1])
        return [*dict.fromkeys(member_parts(member)[1] for member, _ in found)]

    def dead_letter(self, job_id: str, item_id: str) -> DeadLetter:
        """Return one dead letter. Cost: one read.

        Raises:
            JobNotFound: there is no such dead letter.
        """
        return read_letter(self._connection, job_id, item_id)

    def dead_letter_named(self, job_id: str, name: str) -> DeadLetter:
        """Return the dead letter of a job's item with this name. Cost: two reads. Raises as `dead_letter`."""
        return read_letter_named(self._connection, job_id, name)

    def containers(self, limit: int = 1000) -> list[ContainerRecord]:
        """Return the containers that the queue has a record of, newest first: those with a report in the last day."""
        with self._connection.translated():
            ids = self._connection.answer("zrange", self._keys.containers, 0, limit - 1, desc=True) or []
            hashes = self._connection.hashes([self._keys.container(container_id) for container_id in ids])
        return [container_from(container_id, fields) for container_id, fields in zip(ids, hashes, strict=True) if fields]

    def containers_with_marks(self, limit: int = 1000) -> list[ContainerRecord]:
        """Return the same, and show as draining also those that were asked to drain and have not reported since."""
        return with_drain_marks(self._connection, self.containers(limit))

    def container(self, container_id: str) -> ContainerRecord | None:
        """Return the record of one container; None if it has expired, or never existed."""
        with self._connection.translated():
            fields = self._connection.answer("hgetall", self._keys.container(container_id))
        return container_from(container_id, fields) if fields else None

    def container_with_marks(self, container_id: str) -> ContainerRecord | None:
        """Return the same, as `containers_with_marks` does."""
        found = self.container(container_id)
        return with_drain_marks(self._connection, [found])[0] if found else None

    def held_by(self, container_id: str, limit: int = 100) -> list[HeldItem]:
        """Return items that a container has leases of, the longest in work first. Cost: two round trips of each structure."""
        return [item for each in self._connection.all for item in held_by(each, container_id, limit)][:limit]

    def log(self, container_id: str) -> list[str]:
        """Return the last lines of a container's log, oldest first: at most 200, as of its last heartbeat."""
        found = self._connection.answer("lrange", self._keys.log(container_id), 0, -1) or []
        return [element.partition(" ")[2] for element in reversed(found)]

    def history(self, resolution: Resolution, newest: int | None = None) -> list[Rollup]:
        """Return the queue's history, or so many of its newest slots, the oldest slot first."""
        return read_rollups(self._connection, resolution, self.now_ms(), newest)

    def plan(self) -> dict[str, Any] | None:
        """Return the dispatcher's last plan; None if no dispatcher has planned in the last minute."""
        with self._connection.translated():
            plan = self._connection.answer("get", self._keys.plan)
        return plan_from(plan) if plan else None

    def decisions(self, limit: int = 100) -> list[Decision]:
        """Return the dispatcher's newest decisions, newest first; see scenequeue/ports/decisions.py for the cost."""
        return read_decisions(self._connection, limit)

    def stuck_items(self) -> list[StuckItem]:
        """Return the items that take far too long, of the 1,000 whose leases end first. Cost: as `leased`, and one more read."""
        leased = self.leased()
        return stuck_items(leased, read_rates(self._connection), self.now_ms()) if leased else []

    def failing_receivers(self) -> list[FailingReceiver]:
        """Return the hosts that do not accept callbacks; see scenequeue/ports/troubles/failing_callbacks.py for the cost."""
        return failing_receivers(self._connection)

    def has_dispatcher(self) -> bool:
        """Return True while a dispatcher acts: until it resigns, or some ticks after it was lost. Cost: one read."""
        with self._connection.translated():
            return bool(self._connection.answer("exists", self._keys.dispatcher))

    def waits_because(self, status: JobStatus) -> Reason | None:
        """Return the reason that no item of a job is being worked on; None if one is, or if none is left.

        Cost: none for a job that does not wait; otherwise one round trip, and three more if no dispatcher acts.
        """
        return why_waiting(status, read_surroundings(self._connection, self.containers)) if may_wait(status) else None

    def stands_still_because(self, counts: Counts) -> Reason | None:
        """Return the reason that no item of the whole queue is being worked on; None if one is, or if none is left.

        Args:
            counts: the present ones, from `depth`.

        Cost: as `waits_because`, and one or two round trips more.
        """
        if not stand_still(counts):
            return None
        around = read_surroundings(self._connection, self.containers)
        return why_standing_still(counts, around, held_by=find_holding(self._connection, self.depth(), around.pauses))

    def is_transient(self) -> bool:
        """Return True for a queue that is meant to end with its Redis, as under `sceneburst up`."""
        with self._connection.translated():
            return bool(self._connection.answer("hexists", self._keys.control, "transient"))

    def now_ms(self) -> int:
        """Return the time by Redis's clock, in Unix milliseconds."""
        return self._connection.now_ms()

    def server(self) -> dict[str, Any]:
        """Read the fields of INFO, for redis_health.find_problems.

        Raises:
            SettingsError: the user may not read it; since INFO is part of every role, its rules are old.
        """
        return self._connection.server()


def _total(hashes: Iterable[Mapping[str, str]], field: str) -> int:
    """Return the sum of a counter; negative ones count as 0."""
    return sum(max(0, whole_number(fields.get(field))) for fields in hashes)


def _sum_of(hashes: Iterable[Mapping[str, str]], prefix: str) -> int:
    """Return the sum of the counters whose names begin so; negative ones count as 0."""
    return sum(max(0, whole_number(value)) for fields in hashes for name, value in fields.items() if name.startswith(prefix))


def _jobs_of(connection: Connection, limit: int) -> list[JobStatus]:
    """Return the newest jobs of one structure, newest first."""
    ids = connection.answer("zrange", connection.keys.jobs, 0, limit - 1, desc=True) or []
    return read_jobs(connection, ids)


def _is_number(text: str) -> bool:
    """Return True for a value that a counter can have."""
    try:
        return int(text) is not None
    except ValueError:
        # `turn`, which is restored from places in the rings, may end in a half.
        return text.removesuffix(".5").isdecimal()
