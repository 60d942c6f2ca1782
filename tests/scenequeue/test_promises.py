"""The queue against a model: whatever is called in whatever order, no item is lost, doubled or miscounted.

Longer than 300 lines, because hypothesis takes the steps and invariants of one model from one class.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scenequeue.errors import BadInput, GrowthRefused, JobConflict, LeaseLost
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import ItemState, Lease, WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.need import need_in
from scenequeue.queue import SceneQueue
from scenequeue.structure.connection import Connection
from scenequeue.structure.keys import STRUCTURES
from scenequeue.structure.lease_steps import SpareRule
from tests.scenequeue.conftest import beside, queue_on
from tests.scenequeue.jobs import done
from tests.support.reasons import said

_numbers = itertools.count()
_NAMES = ["c1", "c2", "c3"]
_CONTAINERS = st.sampled_from(_NAMES)
#: Kind and version of items; a worker of the present version does not know the last two.
_KINDS = [("render", 1), ("stitch", 1), ("render", 2), ("newer", 1)]
_NEEDS = [f"{kind}/{version}" for kind, version in _KINDS]
_WEIGHT_S = 1.5
_ALL_ARE_LATE = SpareRule(left_share=1, times=0, least_s=0, look_s=0)


@dataclass
class ModelItem:
    """The model's record of an item."""

    state: ItemState
    stage: int
    need: str
    failures: int = 0
    token: str | None = None
    container: str | None = None
    has_expired: bool = False
    #: Work on it has begun under `token`; only then does losing its container count as an attempt.
    begun: bool = False
    #: Losses that did not count since its last failure that buried it.
    losses: int = 0
    #: Work has begun in this attempt, at a time that is known.
    is_timed: bool = False
    #: This attempt has had its spare lease.
    is_spare_used: bool = False
    spare: "ModelSpare | None" = None
    #: Container and attempt of the last reported failure.
    failed: tuple[str, int] | None = None
    #: Its journal.
    notes: dict[str, str] = field(default_factory=dict)

    def is_held_by(self, lease: Lease) -> bool:
        return self.state is ItemState.LEASED and lease.token in {self.token, self.spare and self.spare.token}

    def is_left_by(self, token: str | None) -> bool:
        """End one lease; true if the other container goes on."""
        spare, self.spare = self.spare, None
        if spare is None or token == spare.token:
            return spare is not None
        if spare.has_expired:
            return False
        self.token, self.container, self.begun, self.has_expired = spare.token, spare.container, spare.begun, False
        return True


@dataclass
class ModelSpare:
    """The model's record of a second lease of an item."""

    token: str
    container: str
    has_expired: bool
    begun: bool = False


@dataclass
class ModelJob:
    """The model's record of a job."""

    #: Kinds of the items of each stage; a deferred one has none.
    stages: list[list[int]]
    lane: Lane
    max_attempts: int
    structure: int
    stage: int = 0
    is_cancelled: bool = False
    is_paused: bool = False
    items: dict[str, ModelItem] = field(default_factory=dict)

    def settle(self) -> None:
        """Open the next stage when this one is wholly done; what has ended is not paused any more."""
        self._open_next()
        self.is_paused = self.is_paused and not self.has_settled_with_dead

    def _open_next(self) -> None:
        states = Counter(item.state for item in self.items.values())
        busy = states[ItemState.READY] + states[ItemState.LEASED] + states[ItemState.DELAYED]
        if self.is_cancelled or busy or states[ItemState.DEAD]:
            return
        if states[ItemState.DROPPED]:
            # What was discarded is not done, and with no letter left nothing could still open the stages that wait.
            for item in self.items.values():
                if item.state is ItemState.WAITING:
                    item.state = ItemState.DROPPED
            return
        while self.stage < len(self.stages) - 1:
            self.stage += 1
            opened = [item for item in self.items.values() if item.stage == self.stage]
            for item in opened:
                item.state = ItemState.READY
            # One that nobody has brought items for passes at once.
            if opened:
                return

    def takes_more(self, stage: int) -> bool:
        """True if items of a stage may bring those of the next."""
        return stage + 1 < len(self.stages) and not self.stages[stage + 1]

    @property
    def has_settled_with_dead(self) -> bool:
        states = Counter(item.state for item in self.items.values())
        return not (states[ItemState.READY] + states[ItemState.LEASED] + states[ItemState.DELAYED])


_VERSIONS = st.integers(0, 1)
_KIND_INDEX = st.integers(0, len(_KINDS) - 1)
_SERVED = st.lists(st.sampled_from(_NEEDS), min_size=1, max_size=len(_NEEDS), unique=True)


def _items(kinds: list[int]) -> list[WorkItem]:
    made = (_KINDS[kind] for kind in kinds)
    return [WorkItem(v=version, kind=kind, name=f"item{at}", weight=_WEIGHT_S) for at, (kind, version) in enumerate(made)]


class QueueMachine(RuleBasedStateMachine):
    """Calls everything that producers, workers, dispatchers and operators may call."""

    servers: dict[str, str]
    kind: str
    #: Structures of keys of each version that runs, the newest version first.
    versions: tuple[tuple[int, ...], ...] = (STRUCTURES,)
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        namespace = f"machine{next(_numbers)}"
        self.server = queue_on(self.kind, self.servers, namespace)
        self.queues = [beside(self.server, namespace, *structures) for structures in self.versions]
        #: That of the newest version, which whoever is not said to be of another uses.
        self.queue: SceneQueue = self.queues[0]
        self.jobs: dict[str, ModelJob] = {}
        self.is_paused = False
        self.paused_lanes: set[Lane] = set()
        self.drained: set[str] = set()
        #: The bell that a worker has taken, and has not looked since.
        self.bell_taken = ""
        for need in _NEEDS:
            connection = self.queue._connection
            connection.client.hset(connection.keys.rates, mapping={f"{need}:busy_ms": 1, f"{need}:weight_ms": 1})

    def teardown(self) -> None:
        self.server.close()

    def _of(self, version: int) -> SceneQueue:
        return self.queues[min(version, len(self.queues) - 1)]

    # -- producers

    @rule(
        stages=st.lists(st.lists(_KIND_INDEX, max_size=4), min_size=1, max_size=4).filter(lambda stages: bool(stages[0])),
        lane=st.sampled_from(list(Lane)),
        attempts=st.integers(1, 3),
        version=_VERSIONS,
    )
    def submit(self, stages: list[list[int]], lane: Lane, attempts: int, version: int) -> None:
        job_id = f"job{len(self.jobs)}"
        job = self.jobs[job_id] = ModelJob(stages, lane, attempts, self._of(version).structures[0])
        self._submit(job_id, job, queue=self._of(version))
        for stage, kinds in enumerate(stages):
            for index, kind in enumerate(kinds):
                job.items[f"{stage}-{index}"] = ModelItem(ItemState.WAITING if stage else ItemState.READY, stage, _NEEDS[kind])

    def _submit(self, job_id: str, job: ModelJob, *more: list[int], queue: SceneQueue | None = None) -> None:
        spec = JobSpec(job_id=check_job_id(job_id), lane=job.lane, max_attempts=job.max_attempts)
        (queue or self.queue).producer.submit(spec, [_items(kinds) if kinds else None for kinds in (*job.stages, *more)])

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        self._submit(job_id, job)
        with pytest.raises(JobConflict):
            self._submit(job_id, job, [0])

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        self.queue.producer.cancel(job_id)
        states = {item.state for item in job.items.values()}
        has_something_left = bool(states & {ItemState.WAITING, ItemState.READY, ItemState.LEASED, ItemState.DELAYED})
        if has_something_left and not job.is_cancelled:
            job.is_cancelled, job.is_paused = True, False
            for item in job.items.values():
                if item.state in {ItemState.READY, ItemState.DELAYED, ItemState.WAITING}:
                    item.state = ItemState.DROPPED

    # -- workers

    @rule(serves=_SERVED)
    def take_a_bell(self, serves: list[str]) -> None:
        if self.bell_taken:
            return
        ringing = {
            need_in(need, structure, self.queue.structures[0])
            for need, structure in itertools.product(serves, self.queue.structures)
            if self._leasable(need, [structure])
        }
        self.bell_taken = self.queue.worker.wait_for_work(0.01, serves)
        assert self.bell_taken in (ringing or {""})

    @rule(
        target=leases,
        container=_CONTAINERS,
        count=st.integers(1, 4),
        expires=st.booleans(),
        serves=_SERVED,
        version=_VERSIONS,
        turn=st.integers(0, 1),
        begins=st.booleans(),
    )
    def lease(
        self, container: str, count: int, expires: bool, serves: list[str], version: int, turn: int, begins: bool
    ) -> list[tuple[str, Lease]]:
        queue = self._of(version)
        # The call's word says which structure comes first in each lane.
        call, structures = f"call{next(_numbers)}t{turn}", queue.structures
        in_turn = [*structures[turn:], *structures[:turn]] if len(structures) > 1 else structures
        # Each version names the bells of its own structures.
        bell, self.bell_taken = (self.bell_taken, "") if queue is self.queue else ("", self.bell_taken)
        leases = queue.worker.lease(container, count, lease_s=0 if expires else 1000, serves=serves, bell=bell, call=call)
        if self.is_paused or container in self.drained:
            assert leases == []
            return []
        self._promote(queue.structures)
        assert len(leases) == min(count, sum(self._leasable(need, queue.structures) for need in serves))
        for lease in leases:
            best = min(
                (list(Lane).index(job.lane), in_turn.index(job.structure))
                for job in self.jobs.values()
                for item in job.items.values()
                if item.state is ItemState.READY and item.need in serves and job.structure in queue.structures
                if not self._is_held(job)
            )
            job = self.jobs[lease.job_id]
            item = job.items[lease.item_id]
            assert item.state is ItemState.READY
            assert (list(Lane).index(job.lane), in_turn.index(job.structure)) == best
            assert lease.structure == job.structure
            assert lease.attempt == item.failures + 1
            assert lease.notes == item.notes
            item.state, item.token, item.container, item.has_expired = ItemState.LEASED, lease.token, container, expires
            item.begun, item.is_timed, item.is_spare_used, item.spare = True, False, False, None
        held = [(container, lease) for lease in leases]
        if begins:
            self._begin(held)
        return held

    @rule(held=leases)
    def begin(self, held: list[tuple[str, Lease]]) -> None:
        self._begin(held)

    def _begin(self, held: list[tuple[str, Lease]]) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            is_ours = item.is_held_by(lease)
            if is_ours and not job.is_cancelled:
                self.queue.worker.begin(container, lease)
                if item.spare and lease.token == item.spare.token:
                    item.spare.begun = True
                else:
                    item.begun = item.is_timed = True
                continue
            with pytest.raises(LeaseLost):
                self.queue.worker.begin(container, lease)
            if is_ours:
                item.state = ItemState.DROPPED

    @rule(target=leases, container=_CONTAINERS, count=st.integers(1, 2), expires=st.booleans())
    def lease_spares(self, container: str, count: int, expires: bool) -> list[tuple[str, Lease]]:
        """Of items that others work on, as if each had taken too long."""
        serves, lease_s = _NEEDS[:-1], 0 if expires else 1000
        leases = self.queue.worker.lease_spares(container, count, lease_s, serves=serves, rule=_ALL_ARE_LATE)
        possible = [] if self.is_paused or container in self.drained else [*self._late(container, serves)]
        assert len(leases) == min(count, len(possible))
        for lease in leases:
            job, item = self._find(lease)
            assert (job, item) in possible
            assert lease.token != item.token
            assert (lease.attempt, lease.notes, lease.structure) == (item.failures + 1, item.notes, job.structure)
            item.spare, item.is_spare_used = ModelSpare(lease.token, container, expires), True
        return [(container, lease) for lease in leases]

    def _late(self, container: str, serves: list[str]) -> Iterator[tuple[ModelJob, ModelItem]]:
        """The items of which a container may get a spare lease."""
        for job in self.jobs.values():
            states = Counter(item.state for item in job.items.values())
            # A stage of one item is never nearly done; of those that are submitted, the first has no description then.
            is_weighed = job.stage > 0 or len(job.stages[0]) > 1
            if job.is_cancelled or states[ItemState.DELAYED] or not is_weighed or self._is_held(job):
                continue
            for item in job.items.values():
                is_free = item.state is ItemState.LEASED and item.is_timed and not item.is_spare_used
                if is_free and item.container != container and item.need in serves:
                    yield job, item

    @rule(held=leases, number=st.integers(0, 9))
    def note(self, held: list[tuple[str, Lease]], number: int) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            notes = {f"step{number % 3}": str(number)}
            if item.is_held_by(lease) and not job.is_cancelled:
                self.queue.worker.note(container, lease, notes)
                item.notes |= notes
            else:
                with pytest.raises(LeaseLost):
                    self.queue.worker.note(container, lease, notes)

    def _grow(self, container: str, lease: Lease, kinds: list[int]) -> int:
        """Stage what an item brings; how many items it may name in its ack."""
        job, item = self._find(lease)
        is_ours = item.is_held_by(lease) and not job.is_cancelled
        if kinds and not (is_ours and job.takes_more(item.stage)):
            with pytest.raises(BadInput if is_ours else LeaseLost):
                self.queue.worker.grow(container, lease, _items(kinds))
            return 0
        return self.queue.worker.grow(container, lease, _items(kinds))

    @rule(held=leases, kinds=st.lists(_KIND_INDEX, max_size=3))
    def ack(self, held: list[tuple[str, Lease]], kinds: list[int]) -> None:
        for container, lease in held:
            brought = self._grow(container, lease, kinds)
            if brought:
                with pytest.raises(GrowthRefused):
                    self.queue.worker.ack(container, [done(lease)], {lease.token: brought + 1})
            refused = self.queue.worker.ack(container, [done(lease)], {lease.token: brought})
            job, item = self._find(lease)
            if item.is_held_by(lease):
                assert refused == ([lease] if job.is_cancelled else [])
                item.token, item.spare = lease.token, None
                item.state = ItemState.DROPPED if job.is_cancelled else ItemState.DONE
                index = lease.item_id.partition("-")[2]
                for number, kind in enumerate(kinds[:brought]):
                    job.items[f"{item.stage + 1}-{index}.{number}"] = ModelItem(ItemState.WAITING, item.stage + 1, _NEEDS[kind])
                job.settle()
            elif not (item.token == lease.token and item.state is ItemState.DONE):
                assert refused == [lease] or item.state is ItemState.DONE

    @rule(held=leases, transient=st.booleans())
    def fail(self, held: list[tuple[str, Lease]], transient: bool) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            is_ours = item.is_held_by(lease)
            try:
                state = self.queue.worker.fail(container, lease, "ToolFailed", said("x"), transient=transient, retry_in_s=0)
            except LeaseLost:
                assert not is_ours
                continue
            if not is_ours:
                # The same failure again is answered as it was, and counts once.
                assert item.failed == (container, lease.attempt)
                assert state in {ItemState.DELAYED, ItemState.DEAD}
                continue
            if not job.is_cancelled and item.is_left_by(lease.token):
                assert state is ItemState.LEASED
                continue
            item.failures += 1
            item.failed = (container, lease.attempt)
            if job.is_cancelled:
                expected = ItemState.DROPPED
            elif transient and item.failures < job.max_attempts:
                expected = ItemState.DELAYED
            else:
                expected = ItemState.DEAD
            assert state is expected
            item.state = state
            job.settle()

    @rule(held=consumes(leases))
    def release(self, held: list[tuple[str, Lease]]) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            refused = self.queue.worker.release(container, [lease])
            if item.is_held_by(lease):
                assert refused == []
                if not job.is_cancelled and item.is_left_by(lease.token):
                    continue
                item.state = ItemState.DROPPED if job.is_cancelled else ItemState.READY
            else:
                assert refused == [lease]

    @rule(held=leases)
    def extend(self, held: list[tuple[str, Lease]]) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            is_ours = item.is_held_by(lease)
            lost = self.queue.worker.extend(container, [lease], lease_s=1000)
            assert lost == ([] if is_ours and not job.is_cancelled else [lease])
            if is_ours and job.is_cancelled:
                item.state = ItemState.DROPPED
            elif is_ours and item.spare and lease.token == item.spare.token:
                item.spare.has_expired = False
            elif is_ours:
                item.has_expired = False

    # -- dispatchers and operators

    @rule()
    def reclaim(self) -> None:
        expired = [pair for pair in self._leased() if pair[1].has_expired]
        assert self.queue.dispatcher.reclaim() == len(expired)
        self._lose(expired)
        self._promote()

    @rule(container=_CONTAINERS)
    def forfeit(self, container: str) -> None:
        held = [pair for pair in self._leased() if pair[1].container == container]
        assert self.queue.dispatcher.forfeit(container, said("gone")) == len(held)
        self.drained.add(container)
        for item in (item for job in self.jobs.values() for item in job.items.values()):
            if item.spare and item.spare.container == container:
                item.spare = None
        self._lose(held)

    @rule()
    def pause_or_resume(self) -> None:
        if self.is_paused:
            self.queue.operator.resume()
        else:
            self.queue.operator.pause()
        self.is_paused = not self.is_paused

    @rule(lane=st.sampled_from(list(Lane)), is_pause=st.booleans())
    def pause_or_resume_a_lane(self, lane: Lane, is_pause: bool) -> None:
        act = self.queue.operator.pause if is_pause else self.queue.operator.resume
        assert act(lane=lane) == (is_pause != (lane in self.paused_lanes))
        self.paused_lanes = self.paused_lanes | {lane} if is_pause else self.paused_lanes - {lane}

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), is_pause=st.booleans())
    def pause_or_resume_a_job(self, data: st.DataObject, is_pause: bool) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        if is_pause and (job.is_cancelled or job.has_settled_with_dead):
            with pytest.raises(JobConflict):
                self.queue.operator.pause(job=job_id)
            return
        act = self.queue.operator.pause if is_pause else self.queue.operator.resume
        assert act(job=job_id) == (is_pause != job.is_paused)
        job.is_paused = is_pause

    @rule(is_requeue=st.booleans())
    def decide_over_dead_letters(self, is_requeue: bool) -> None:
        for letter in self.queue.inspect.dead():
            job = self.jobs[letter.job_id]
            item = job.items[letter.item_id]
            assert item.state is ItemState.DEAD
            assert len(letter.errors) == letter.attempts == item.failures
            if job.is_cancelled or not is_requeue:
                self.queue.operator.discard(letter.job_id, letter.item_id)
                item.state = ItemState.DROPPED
                job.settle()
            else:
                self.queue.operator.requeue(letter.job_id, letter.item_id)
                item.state, item.failures = ItemState.READY, 0

    # -- what must hold at any moment

    @invariant()
    def counters_agree_with_the_model(self) -> None:
        total: Counter[ItemState] = Counter()
        for job_id, job in self.jobs.items():
            states = Counter(item.state for item in job.items.values())
            total += states
            counts = self.queue.producer.status(job_id).counts
            assert counts.model_dump() == {state.value: states[state] for state in ItemState}, job_id
            assert counts.total == len(job.items)
        depth = self.queue.inspect.depth()
        assert depth.counts.model_dump() == {state.value: total[state] for state in ItemState}
        assert sum(depth.ready_by_lane.values()) + depth.ready_of_paused_jobs == depth.counts.ready
        assert depth.paused_items == (depth.counts.ready if self.is_paused else self._held())
        assert depth.ready_weight == depth.counts.ready * _WEIGHT_S

    @invariant()
    def jobs_are_found_by_state_and_lane(self) -> None:
        states = {job_id: self.queue.producer.status(job_id).state for job_id in self.jobs}
        for connection in self.queue._connection.all:
            jobs = {job_id: job for job_id, job in self.jobs.items() if job.structure == connection.structure}
            for state in (JobState.ACTIVE, JobState.DONE, JobState.FAILED, JobState.CANCELLED):
                found = connection.client.zrange(connection.keys.of(f"jobs:state:{state}"), 0, -1)
                assert set(found) == {job_id for job_id in jobs if states[job_id] is state}
            for lane in Lane:
                found = connection.client.zrange(connection.keys.of(f"jobs:lane:{lane}"), 0, -1)
                assert set(found) == {job_id for job_id, job in jobs.items() if job.lane is lane}

    @invariant()
    def pauses_are_listed(self) -> None:
        expected = [*([""] if self.is_paused else []), *(f"lane={lane.value}" for lane in Lane if lane in self.paused_lanes)]
        found = [pause.about for pause in self.queue.inspect.pauses()]
        assert found[: len(expected)] == expected
        assert sorted(found[len(expected) :]) == sorted(f"job={job_id}" for job_id, job in self.jobs.items() if job.is_paused)

    @invariant()
    def what_waits_is_known_by_lane_and_need(self) -> None:
        newest = self.queue.structures[0]
        expected = {
            (lane, need_in(need, structure, newest)): ready
            for lane, need, structure in itertools.product(Lane, _NEEDS, self.queue.structures)
            if lane not in self.paused_lanes and (ready := self._leasable(need, [structure], lane))
        }
        waiting = self.queue.inspect.waiting()
        assert {(each.lane, each.need): each.ready for each in waiting} == expected
        assert all(each.weight == each.ready * _WEIGHT_S for each in waiting)

    @invariant()
    def rings_and_bells_agree_with_what_is_ready(self) -> None:
        for connection in self.queue._connection.all:
            self._check_rings(connection)

    def _check_rings(self, connection: Connection) -> None:
        pipeline, keys = connection.client.pipeline(transaction=False), connection.keys
        # What is ready of paused jobs waits apart.
        places = list(itertools.product([*(lane.value for lane in Lane), "paused"], _NEEDS))
        for lane, need in places:
            pipeline.zrange(keys.lane(lane, need), 0, -1)
            pipeline.zrange(keys.of(f"since:{lane}:{need}"), 0, -1)
        for need in _NEEDS:
            pipeline.llen(keys.bell(need))
        found = pipeline.execute()
        for at, (lane, need) in enumerate(places):
            jobs = {
                job_id
                for job_id, job in self.jobs.items()
                if ("paused" if job.is_paused else job.lane.value, job.structure) == (lane, connection.structure)
                and any(item.state is ItemState.READY and item.need == need for item in job.items.values())
            }
            assert set(found[2 * at]) == set(found[2 * at + 1]) == jobs
        for need, rings in zip(_NEEDS, found[2 * len(places) :], strict=True):
            is_due = self._leasable(need, [connection.structure]) > 0
            # Of the one that was taken: whoever took it has yet to look.
            assert rings in ({is_due, False} if connection.need(need) == self.bell_taken else {is_due})

    @invariant()
    def only_leased_and_delayed_items_have_entries_of_their_own(self) -> None:
        client, of_all = self.queue._connection.client, [each.keys for each in self.queue._connection.all]
        depth = self.queue.inspect.depth().counts
        entries = (
            sum(1 for _ in client.scan_iter(match="*:item:*", count=1000))
            if self.kind == "fake"
            else depth.leased + depth.delayed
        )
        assert entries == depth.leased + depth.delayed
        assert sum(client.zcard(keys.leases) for keys in of_all) == depth.leased
        assert sum(client.zcard(keys.delayed) for keys in of_all) == depth.delayed
        assert sum(client.zcard(keys.dead) for keys in of_all) == depth.dead

    @invariant()
    def containers_are_known_to_hold_what_they_hold(self) -> None:
        found: Counter[tuple[str, str]] = Counter()
        for job_id, job in self.jobs.items():
            for item_id, item in job.items.items():
                holders = {item.container, item.spare and item.spare.container} if item.state is ItemState.LEASED else ()
                found.update((holder, f"{job_id}/{item_id}") for holder in holders if holder)
        assert max(found.values(), default=1) == 1
        connections = self.queue._connection.all
        held = {(c, each) for c in _NAMES for on in connections for each in on.client.smembers(on.keys.held(c))}
        assert held == set(found)

    def _is_held(self, job: ModelJob) -> bool:
        """True if nothing of the job is leased because of a pause."""
        return self.is_paused or job.is_paused or job.lane in self.paused_lanes

    def _held(self) -> int:
        held = [job for job in self.jobs.values() if self._is_held(job)]
        return sum(item.state is ItemState.READY for job in held for item in job.items.values())

    def _leasable(self, need: str, structures: Sequence[int], lane: Lane | None = None) -> int:
        """Count the ready items of a need that no pause holds back; with a lane, those of it, whatever holds everything."""
        return sum(
            item.state is ItemState.READY and item.need == need
            for job in self.jobs.values()
            if job.structure in structures and not (job.is_paused if lane else self._is_held(job)) and lane in {None, job.lane}
            for item in job.items.values()
        )

    def _find(self, lease: Lease) -> tuple[ModelJob, ModelItem]:
        job = self.jobs[lease.job_id]
        return job, job.items[lease.item_id]

    def _leased(self) -> list[tuple[ModelJob, ModelItem]]:
        return [(job, item) for job in self.jobs.values() for item in job.items.values() if item.state is ItemState.LEASED]

    def _lose(self, lost: list[tuple[ModelJob, ModelItem]]) -> None:
        for job, item in lost:
            if not job.is_cancelled and item.is_left_by(item.token):
                continue
            if item.begun:
                item.failures += 1
            else:
                item.losses += 1
            if job.is_cancelled:
                item.state = ItemState.DROPPED
            elif not item.begun:
                item.state = ItemState.READY
            else:
                item.state = ItemState.DEAD if item.failures >= job.max_attempts else ItemState.READY
        for job, _ in lost:
            job.settle()

    def _promote(self, structures: Sequence[int] = ()) -> None:
        for job in self.jobs.values():
            for item in job.items.values():
                if item.state is ItemState.DELAYED and job.structure in (structures or self.queue.structures):
                    item.state = ItemState.READY


class SpareMachine(QueueMachine):
    """The same from two holders of an item on, and without the steps that have nothing to do with these."""

    submit_again = take_a_bell = pause_or_resume = pause_or_resume_a_lane = pause_or_resume_a_job = pauses_are_listed = None
    jobs_are_found_by_state_and_lane = rings_and_bells_agree_with_what_is_ready = None

    @initialize(target=QueueMachine.leases, attempts=st.integers(1, 3), expires=st.booleans(), is_spare_over=st.booleans())
    def begin_with_two_holders(self, attempts: int, expires: bool, is_spare_over: bool) -> object:
        kinds = [[0, 0, 1], []]
        job = self.jobs["job0"] = ModelJob(kinds, Lane.NORMAL, attempts, self.queue.structures[0])
        self._submit("job0", job)
        job.items |= {f"0-{index}": ModelItem(ItemState.READY, 0, _NEEDS[kind]) for index, kind in enumerate(kinds[0])}
        held = [*self.lease("c1", 3, expires, _NEEDS, 0, 0, begins=True), *self.lease_spares("c2", 2, is_spare_over)]
        return multiple(*([pair] for pair in held))


def test_every_promise_holds_under_any_sequence_of_calls(kind: str, servers: dict[str, str]) -> None:
    """Promises 1 to 7 against a model, on each kind of server."""
    _run(20 if kind == "cluster" else 60, kind=kind, servers=servers)


@pytest.mark.parametrize("kind", ["wheel", "cluster"], indirect=True)
def test_every_promise_holds_while_an_older_version_runs_beside_this_one(kind: str, servers: dict[str, str]) -> None:
    """It submits and leases what it knows; the newer version serves both structures, in one step where that matters."""
    _run(10 if kind == "cluster" else 30, kind=kind, servers=servers, versions=((3, 2), (2,)))


def test_every_promise_holds_while_items_have_two_holders(kind: str, servers: dict[str, str]) -> None:
    """However the two end, and in whatever order."""
    _run(5 if kind == "cluster" else 15, SpareMachine, kind=kind, servers=servers)


def _run(examples: int, base: type[QueueMachine] = QueueMachine, **machine: Any) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        type("Machine", (base,), machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
