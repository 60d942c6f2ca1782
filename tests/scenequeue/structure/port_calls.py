"""One call of every public method of every port, each right after what it needs was made in the queue."""

import inspect
from collections.abc import Callable, Iterator
from itertools import count

from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import Lease
from scenequeue.jobs.job import JobSpec, JobStatus, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.jobs.rollup import Resolution
from scenequeue.jobs.transcode.working_folder import WorkFolder
from scenequeue.ports.access.sessions import Session
from scenequeue.ports.steering.audit_search import ActFilter
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said

_WHO = "c1"
_URL = "https://example.org/"


class World:
    """Makes, as a user who may do all, what a call is about."""

    def __init__(self, queue: SceneQueue) -> None:
        self.queue = queue
        self._numbers = count()
        fence = queue.dispatcher.acquire("one", 1000)
        assert fence
        self.fence = fence
        self.record = ContainerRecord(container_id=ContainerId(_WHO), serves="render/1")
        queue.dispatcher.publish_plan('{"why": "nothing ready"}')
        queue.dispatcher.record_sample(fence, 1, 0.5)
        queue.operator.set_limits({"max_containers": "3"}, "ann")
        queue.worker.beat(self.record)
        queue.worker.log(_WHO, TailLines("aa", 1, ["started"]))

    def job(self, *counts: int) -> str:
        """A job that nobody works on."""
        name = f"job{next(self._numbers)}"
        submit(self.queue, name, *(counts or (2, 1)), labels={"shop": "north"}, callback_url=_URL)
        return name

    def lease(self, container: str = _WHO, *, begins_now: bool = True, grows: bool = False) -> Lease:
        """A leased item with a journal, of a job that has a deferred stage if it grows."""
        # A need that no other item has.
        kind = f"kind{next(self._numbers)}"
        work = [item.model_copy(update={"kind": kind}) for item in items(1)]
        self.queue.producer.submit(
            JobSpec(job_id=check_job_id(kind), callback_url=_URL), [work, None] if grows else [work, items(1)]
        )
        (lease,) = self.queue.worker.lease(container, 1, begins_now=begins_now, serves=[f"{kind}/1"])
        self.queue.worker.note(container, lease, {"step": "0"})
        return lease

    def letter(self) -> Lease:
        """The last lease of an item that is a dead letter, whose job has more stages."""
        lease = self.lease()
        self.queue.worker.fail(_WHO, lease, "BadInput", said("no"), transient=False)
        return lease

    def status(self) -> JobStatus:
        """The status of a job that waits."""
        return self.queue.producer.status(self.job())

    def done(self) -> str:
        """A job with a result and a callback that is due."""
        lease = self.lease(grows=True)
        self.queue.worker.ack(_WHO, [done(lease)])
        return lease.job_id


Call = Callable[[SceneQueue], object]


def _producer(world: World) -> Iterator[tuple[str, Call]]:
    job, other, spec = world.job(), world.job(3, 2), JobSpec(job_id=check_job_id("new"))
    yield "submit", lambda queue: queue.producer.submit(spec, [items(2), None])

    def write(queue: SceneQueue) -> None:
        with queue.producer.writing(JobSpec(job_id=check_job_id("large"))) as writer:
            writer.begin_stage()
            writer.add(items(1100))
            writer.commit()

    yield "writing", write
    yield "status", lambda queue: queue.producer.status(job)
    job = world.done()
    yield "results", lambda queue: list(queue.producer.results(job))
    yield "result", lambda queue: queue.producer.result(job, "0-0")
    yield "names", lambda queue: queue.producer.names(job)
    yield "events", lambda queue: queue.producer.events(job, block_s=0.01)
    yield "all_events", lambda queue: list(queue.producer.all_events(job))
    yield "cancel", lambda queue: queue.producer.cancel(other, "shop")


def _worker(world: World) -> Iterator[tuple[str, Call]]:
    world.job(5)
    lines = TailLines("aa", 1, ["started", "more"])
    one = world.lease
    yield "lease", lambda queue: queue.worker.lease(_WHO, 1)
    lease = one()
    yield "exchange", lambda queue: queue.worker.exchange(_WHO, [done(lease)], 1)
    yield "lease_spares", lambda queue: queue.worker.lease_spares(_WHO, 1, serves=["render/1"])
    lease = one(begins_now=False)
    yield "begin", lambda queue: queue.worker.begin(_WHO, lease)
    yield "wait_for_work", lambda queue: queue.worker.wait_for_work(0.01)
    lease = one()
    yield "options", lambda queue: queue.worker.options(lease.job_id)
    lease = one()
    yield "extend", lambda queue: queue.worker.extend(_WHO, [lease])
    lease = one(grows=True)
    yield "grow", lambda queue: queue.worker.grow(_WHO, lease, items(3))
    lease = one()
    yield "note", lambda queue: queue.worker.note(_WHO, lease, {"step": "1"})
    growing = one(grows=True)
    brought = {growing.token: world.queue.worker.grow(_WHO, growing, items(2))}
    yield "ack", lambda queue: queue.worker.ack(_WHO, [done(growing)], brought)
    lease = one()
    yield "fail", lambda queue: queue.worker.fail(_WHO, lease, "ToolFailed", said("no"), transient=True, retry_in_s=0)
    lease = one()
    yield "release", lambda queue: queue.worker.release(_WHO, [lease], said("no such setting"))
    world.queue.worker.extend(_WHO, [one()], lease_s=0)
    yield "reclaim", lambda queue: queue.worker.reclaim()
    yield "beat", lambda queue: queue.worker.beat(world.record)
    yield "drained_by", lambda queue: queue.worker.drained_by(_WHO)
    yield "log", lambda queue: queue.worker.log(_WHO, lines)
    yield "goodbye", lambda queue: queue.worker.goodbye(world.record)


def _dispatcher(world: World) -> Iterator[tuple[str, Call]]:
    fence = world.fence
    intent = ContainerRecord(container_id=ContainerId("c2"))
    yield "acquire", lambda queue: queue.dispatcher.acquire("one", 1000)
    yield "record_intents", lambda queue: queue.dispatcher.record_intents(fence, [intent], "{}")
    yield "record_decision", lambda queue: queue.dispatcher.record_decision(fence, "at rest", "{}")
    yield "record_launched", lambda queue: queue.dispatcher.record_launched(fence, "c2", "handle")
    yield "record_ended", lambda queue: queue.dispatcher.record_ended("c2", "gone", said("lost"), fence=fence)
    yield "drain", lambda queue: queue.dispatcher.drain("c2", fence=fence)
    world.lease("c3")
    yield "forfeit", lambda queue: queue.dispatcher.forfeit("c3", said("lost"), fence=fence)
    yield "reclaim", lambda queue: queue.dispatcher.reclaim()
    yield "publish_settings", lambda queue: queue.dispatcher.publish_settings([], 60)
    yield "publish_plan", lambda queue: queue.dispatcher.publish_plan("{}")
    yield "record_sample", lambda queue: queue.dispatcher.record_sample(fence, 2, 0.5)
    yield "rates", lambda queue: queue.dispatcher.rates()
    yield "wished", lambda queue: queue.dispatcher.wished()
    yield "due_notices", lambda queue: queue.dispatcher.due_notices()
    job = world.done()
    yield "claim_notice", lambda queue: queue.dispatcher.claim_notice(job, 5)
    job = world.done()
    yield "settle_notice", lambda queue: queue.dispatcher.settle_notice(job)
    yield "due_folders", lambda queue: queue.dispatcher.due_folders(fence, 10, 5)
    folder = WorkFolder(job, f"s3://bucket/.sceneburst/{job}")
    yield "settle_folders", lambda queue: queue.dispatcher.settle_folders(fence, [folder])
    yield "resign", lambda queue: queue.dispatcher.resign("one")


def _operator(world: World) -> Iterator[tuple[str, Call]]:
    world.job()
    job, other = world.job(), world.job()
    yield "pause", lambda queue: queue.operator.pause("ann")
    yield "pause", lambda queue: queue.operator.pause("ann", lane=Lane.BULK)
    yield "pause", lambda queue: queue.operator.pause("ann", job=job)
    world.queue.operator.pause()
    world.queue.operator.pause(job=other)
    yield "resume", lambda queue: queue.operator.resume("ann", job=other)
    yield "resume", lambda queue: queue.operator.resume("ann")
    world.queue.operator.resume()
    yield "drain", lambda queue: queue.operator.drain("c2", "ann", "old image")
    yield "stop", lambda queue: queue.operator.stop("c2", "ann", "it hangs")
    yield "mark_transient", lambda queue: queue.operator.mark_transient()
    yield "set_limits", lambda queue: queue.operator.set_limits({"launches_per_tick": "2"}, "ann")
    yield "reset_limits", lambda queue: queue.operator.reset_limits(["max_containers"], "ann")
    world.queue.operator.set_limits({"min_containers": "1"}, "ann")
    entry = world.queue.inspect.acts(1)[0].entry
    yield "undo", lambda queue: queue.operator.undo(entry, by="ann")
    waiting = world.job()
    yield "retry_now", lambda queue: queue.operator.retry_now(waiting, "ann")
    dead = world.letter()
    yield "requeue", lambda queue: queue.operator.requeue(dead.job_id, dead.item_id, "ann")
    dead = world.letter()
    yield "discard", lambda queue: queue.operator.discard(dead.job_id, dead.item_id, "ann")
    world.letter()
    yield "requeue_all", lambda queue: list(queue.operator.requeue_all(DeadFilter(reason="BadInput"), "ann"))
    world.letter()
    yield "discard_all", lambda queue: list(queue.operator.discard_all(DeadFilter(), "ann"))


def _inspect(world: World) -> Iterator[tuple[str, Call]]:
    letters = DeadFilter(reason="BadInput", lane=Lane.NORMAL)
    status, dead, lease = world.status(), world.letter(), world.lease()
    wanted = JobFilter(lane=Lane.NORMAL, name="job")
    for name in (
        *(
            "depth",
            "waiting",
            "backlog_age_s",
            "jobs",
            "peek",
            "leased",
            "dead",
            "reasons",
            "containers",
            "acts",
            "pauses",
            "containers_with_marks",
        ),
        *(
            "settings",
            "has_dispatcher",
            "retries",
            "dead_reasons",
            "limits",
            "plan",
            "is_transient",
            "now_ms",
            "server",
            "decisions",
            "stuck_items",
            "failing_receivers",
        ),
    ):
        yield name, lambda queue, name=name: getattr(queue.inspect, name)()
    yield "count_dead", lambda queue: queue.inspect.count_dead(letters, 10)
    yield "count_jobs", lambda queue: queue.inspect.count_jobs()
    yield "rates", lambda queue: queue.inspect.rates()
    yield "find_dead", lambda queue: queue.inspect.find_dead(letters)
    yield "job", lambda queue: queue.inspect.job(lease.job_id)
    yield "find_jobs", lambda queue: queue.inspect.find_jobs(wanted)
    yield "dead_ids", lambda queue: queue.inspect.dead_ids(dead.job_id)
    yield "dead_letter", lambda queue: queue.inspect.dead_letter(dead.job_id, dead.item_id)
    yield "dead_letter_named", lambda queue: queue.inspect.dead_letter_named(dead.job_id, dead.item.name)
    yield "container", lambda queue: queue.inspect.container(_WHO)
    yield "container_with_marks", lambda queue: queue.inspect.container_with_marks(_WHO)
    yield "find_acts", lambda queue: queue.inspect.find_acts(ActFilter(by="ann"))
    yield "held_by", lambda queue: queue.inspect.held_by(_WHO)
    yield "log", lambda queue: queue.inspect.log(_WHO)
    yield "history", lambda queue: queue.inspect.history(Resolution.HOUR)
    yield "waits_because", lambda queue: queue.inspect.waits_because(status)
    yield "stands_still_because", lambda queue: queue.inspect.stands_still_because(status.counts)


def _access(world: World) -> Iterator[tuple[str, Call]]:
    hash_ = "0" * 64
    session = Session("ann", hash_, "", 0)
    world.queue.access.make_key("shop", hash_, "operate", "ann")
    yield "all_keys", lambda queue: queue.access.all_keys()
    yield "make_key", lambda queue: queue.access.make_key("night", hash_, "look", "ann")
    yield "revoke_key", lambda queue: queue.access.revoke_key("shop", "ann")
    yield "open_session", lambda queue: queue.access.open_session(hash_, session)
    yield "session", lambda queue: queue.access.session(hash_)
    yield "end_session", lambda queue: queue.access.end_session(hash_)
    yield "offer_sign_in", lambda queue: queue.access.offer_sign_in(hash_, session, 60)
    yield "take_sign_in", lambda queue: queue.access.take_sign_in(hash_)


PORTS: dict[str, Callable[[World], Iterator[tuple[str, Call]]]] = {
    "producer": _producer, "worker": _worker, "dispatcher": _dispatcher, "operator": _operator, "inspect": _inspect,
    "access": _access,
}  # fmt: skip


def methods_of(queue: SceneQueue, port: str) -> set[str]:
    """The public methods of a port."""
    return {name for name, _ in inspect.getmembers(getattr(queue, port), inspect.ismethod) if not name.startswith("_")}
