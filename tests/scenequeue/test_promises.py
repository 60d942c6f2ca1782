"""The queue against a model: whatever is called in whatever order, no item is lost, doubled or miscounted."""

import itertools
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule, run_state_machine_as_test

from scenequeue.errors import JobConflict, LeaseLost
from scenequeue.jobs.item import ItemState, Lease
from scenequeue.jobs.job import Lane
from scenequeue.queue import SceneQueue
from tests.scenequeue.conftest import queue_on
from tests.scenequeue.jobs import done, submit

_numbers = itertools.count()
_CONTAINERS = st.sampled_from(["c1", "c2", "c3"])


@dataclass
class ModelItem:
    """What the model knows of an item."""

    state: ItemState
    stage: int
    failures: int = 0
    token: str | None = None
    container: str | None = None
    has_expired: bool = False
    #: Container and attempt of the last reported failure.
    failed: tuple[str, int] | None = None


@dataclass
class ModelJob:
    """What the model knows of a job."""

    counts: tuple[int, ...]
    lane: Lane
    max_attempts: int
    stage: int = 0
    is_cancelled: bool = False
    items: dict[str, ModelItem] = field(default_factory=dict)

    def settle(self) -> None:
        """Open the next stage when this one is wholly done."""
        states = Counter(item.state for item in self.items.values())
        busy = states[ItemState.READY] + states[ItemState.LEASED] + states[ItemState.DELAYED]
        if self.is_cancelled or busy or states[ItemState.DEAD] or not states[ItemState.WAITING]:
            return
        if states[ItemState.DROPPED]:
            # What was discarded is not done, and with no letter left nothing could still open the stages that wait.
            for item in self.items.values():
                if item.state is ItemState.WAITING:
                    item.state = ItemState.DROPPED
            return
        self.stage += 1
        for item in self.items.values():
            if item.stage == self.stage:
                item.state = ItemState.READY

    @property
    def has_settled_with_dead(self) -> bool:
        states = Counter(item.state for item in self.items.values())
        return not (states[ItemState.READY] + states[ItemState.LEASED] + states[ItemState.DELAYED])


class QueueMachine(RuleBasedStateMachine):
    """Calls everything that producers, workers, dispatchers and operators may call."""

    servers: dict[str, str]
    kind: str
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.queue: SceneQueue = queue_on(self.kind, self.servers, f"machine{next(_numbers)}")
        self.jobs: dict[str, ModelJob] = {}
        self.is_paused = False
        self.drained: set[str] = set()

    def teardown(self) -> None:
        self.queue.close()

    # -- producers

    @rule(
        counts=st.lists(st.integers(1, 4), min_size=1, max_size=3), lane=st.sampled_from(list(Lane)), attempts=st.integers(1, 3)
    )
    def submit(self, counts: list[int], lane: Lane, attempts: int) -> None:
        job_id = f"job{len(self.jobs)}"
        submit(self.queue, job_id, *counts, lane=lane, max_attempts=attempts)
        job = self.jobs[job_id] = ModelJob(tuple(counts), lane, attempts)
        for stage, count in enumerate(counts):
            for index in range(count):
                job.items[f"{stage}-{index}"] = ModelItem(ItemState.WAITING if stage else ItemState.READY, stage)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        submit(self.queue, job_id, *job.counts, lane=job.lane, max_attempts=job.max_attempts)
        with pytest.raises(JobConflict):
            submit(self.queue, job_id, *job.counts, 1, lane=job.lane, max_attempts=job.max_attempts)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        self.queue.producer.cancel(job_id)
        states = {item.state for item in job.items.values()}
        has_something_left = bool(states & {ItemState.WAITING, ItemState.READY, ItemState.LEASED, ItemState.DELAYED})
        if has_something_left and not job.is_cancelled:
            job.is_cancelled = True
            for item in job.items.values():
                if item.state in {ItemState.READY, ItemState.DELAYED, ItemState.WAITING}:
                    item.state = ItemState.DROPPED

    # -- workers

    @rule(target=leases, container=_CONTAINERS, count=st.integers(1, 4), expires=st.booleans())
    def lease(self, container: str, count: int, expires: bool) -> object:
        leases = self.queue.worker.lease(container, count, lease_s=0 if expires else 1000)
        if self.is_paused or container in self.drained:
            assert leases == []
            return []
        self._promote()
        ready = sum(item.state is ItemState.READY for job in self.jobs.values() for item in job.items.values())
        assert len(leases) == min(count, ready)
        for lease in leases:
            best = min(
                list(Lane).index(job.lane)
                for job in self.jobs.values()
                for item in job.items.values()
                if item.state is ItemState.READY
            )
            job = self.jobs[lease.job_id]
            item = job.items[lease.item_id]
            assert item.state is ItemState.READY
            assert list(Lane).index(job.lane) == best
            assert lease.attempt == item.failures + 1
            item.state, item.token, item.container, item.has_expired = ItemState.LEASED, lease.token, container, expires
        return [(container, lease) for lease in leases]

    @rule(held=leases)
    def ack(self, held: list[tuple[str, Lease]]) -> None:
        for container, lease in held:
            refused = self.queue.worker.ack(container, [done(lease)])
            job, item = self._find(lease)
            if item.token == lease.token and item.state is ItemState.LEASED:
                assert refused == ([lease] if job.is_cancelled else [])
                item.state = ItemState.DROPPED if job.is_cancelled else ItemState.DONE
                job.settle()
            elif not (item.token == lease.token and item.state is ItemState.DONE):
                assert refused == [lease] or item.state is ItemState.DONE

    @rule(held=leases, transient=st.booleans())
    def fail(self, held: list[tuple[str, Lease]], transient: bool) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            is_ours = item.token == lease.token and item.state is ItemState.LEASED
            try:
                state = self.queue.worker.fail(container, lease, "ToolFailed", "x", transient=transient, retry_in_s=0)
            except LeaseLost:
                assert not is_ours
                continue
            if not is_ours:
                # The same failure again is answered as it was, and counts once.
                assert item.failed == (container, lease.attempt)
                assert state in {ItemState.DELAYED, ItemState.DEAD}
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
            if item.token == lease.token and item.state is ItemState.LEASED:
                assert refused == []
                item.state = ItemState.DROPPED if job.is_cancelled else ItemState.READY
            else:
                assert refused == [lease]

    @rule(held=leases)
    def extend(self, held: list[tuple[str, Lease]]) -> None:
        for container, lease in held:
            job, item = self._find(lease)
            is_ours = item.token == lease.token and item.state is ItemState.LEASED
            lost = self.queue.worker.extend(container, [lease], lease_s=1000)
            assert lost == ([] if is_ours and not job.is_cancelled else [lease])
            if is_ours and job.is_cancelled:
                item.state = ItemState.DROPPED
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
        assert self.queue.dispatcher.forfeit(container, "gone") == len(held)
        self.drained.add(container)
        self._lose(held)

    @rule()
    def pause_or_resume(self) -> None:
        if self.is_paused:
            self.queue.operator.resume()
        else:
            self.queue.operator.pause()
        self.is_paused = not self.is_paused

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
            assert counts.total == sum(job.counts)
        depth = self.queue.inspect.depth()
        assert depth.counts.model_dump() == {state.value: total[state] for state in ItemState}
        assert sum(depth.ready_by_lane.values()) == depth.counts.ready
        assert depth.ready_weight == depth.counts.ready

    @invariant()
    def the_doorbell_rings_exactly_while_there_is_work(self) -> None:
        client, keys = self.queue._connection.client, self.queue._connection.keys
        is_due = self.queue.inspect.depth().counts.ready > 0 and not self.is_paused
        assert client.llen(keys.bell) == is_due

    @invariant()
    def only_leased_and_delayed_items_have_entries_of_their_own(self) -> None:
        client, keys = self.queue._connection.client, self.queue._connection.keys
        depth = self.queue.inspect.depth().counts
        entries = (
            sum(1 for _ in client.scan_iter(match="*:item:*", count=1000))
            if self.kind == "fake"
            else depth.leased + depth.delayed
        )
        assert entries == depth.leased + depth.delayed
        assert client.zcard(keys.leases) == depth.leased
        assert client.zcard(keys.delayed) == depth.delayed
        assert client.zcard(keys.dead) == depth.dead

    def _find(self, lease: Lease) -> tuple[ModelJob, ModelItem]:
        job = self.jobs[lease.job_id]
        return job, job.items[lease.item_id]

    def _leased(self) -> list[tuple[ModelJob, ModelItem]]:
        return [(job, item) for job in self.jobs.values() for item in job.items.values() if item.state is ItemState.LEASED]

    def _lose(self, lost: list[tuple[ModelJob, ModelItem]]) -> None:
        for job, item in lost:
            item.failures += 1
            if job.is_cancelled:
                item.state = ItemState.DROPPED
            else:
                item.state = ItemState.DEAD if item.failures >= job.max_attempts else ItemState.READY
        for job, _ in lost:
            job.settle()

    def _promote(self) -> None:
        for job in self.jobs.values():
            for item in job.items.values():
                if item.state is ItemState.DELAYED:
                    item.state = ItemState.READY


@pytest.mark.parametrize("kind", ["fake", "wheel", "path"])
def test_every_promise_holds_under_any_sequence_of_calls(kind: str, servers: dict[str, str]) -> None:
    """Promises 1 to 7 against a model, on each kind of server."""
    if kind != "fake" and kind not in servers:
        pytest.skip("no redis-server on PATH")
    machine = type("Machine", (QueueMachine,), {"kind": kind, "servers": servers})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)),
    )
