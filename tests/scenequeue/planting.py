"""A queue with work in it, and all steps on it, for tests that damage it."""

from collections.abc import Callable, Iterator
from typing import Any

from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.jobs.wishes import JobWishes
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


def clear(queue: SceneQueue) -> None:
    client = queue._connection.client
    for key in client.scan_iter(match=queue._connection.keys.prefix.replace("{", "\\{") + "*", count=1000):
        client.delete(key)


def start(queue: SceneQueue) -> list[Any]:
    """A good job and a victim, each with items that are ready, leased, delayed and dead, and a stage that waits."""
    held = []
    for job in ("good", "victim"):
        spec = JobSpec(job_id=check_job_id(job), wishes=JobWishes(), max_attempts=2)
        queue.producer.submit(spec, [items(6), items(2)])
        first, second, third = queue.worker.lease("c1", 3)
        queue.worker.fail("c1", first, "ToolFailed", said("once"), transient=True, retry_in_s=0)
        queue.worker.fail("c1", second, "BadInput", said("no"), transient=False)
        held.append(third)
        queue.worker.release("c1", queue.worker.lease("c1", 3))
    return held


def steps(queue: SceneQueue, held: list[Any]) -> Iterator[Callable[[], Any]]:
    """Every step there is, on the victim where it names a job; reads after a reclaim, as in a tick."""
    good, lease = held
    record = ContainerRecord(container_id=ContainerId("c1"), state="running")
    fence = queue.dispatcher.acquire("me", 10) or 1
    yield lambda: queue.dispatcher.acquire("me", 10)
    yield lambda: queue.worker.extend("c1", [lease, good])
    yield lambda: queue.worker.begin("c1", lease)
    yield lambda: queue.worker.note("c1", lease, {"step": "1"})
    yield lambda: queue.worker.grow("c1", lease, items(2))
    yield queue.dispatcher.reclaim
    yield lambda: queue.worker.lease("c2", 2, begins_now=False, call="same")
    yield lambda: queue.worker.lease("c2", 2, begins_now=False, call="same")
    yield lambda: queue.worker.options("victim")
    yield lambda: queue.worker.exchange("c2", [(lease, done(lease)[1])], 1)
    yield lambda: queue.worker.fail("c1", lease, "ToolFailed", said("no"), transient=True)
    yield lambda: queue.worker.release("c1", [lease])
    yield lambda: queue.worker.ack("c1", [done(lease)])
    yield lambda: queue.worker.beat(record)
    yield lambda: queue.worker.log("c1", TailLines("aa", 1, ["started"]))
    yield lambda: (queue.dispatcher.reclaim(), queue.worker.wait_for_work(0.01))
    yield lambda: queue.dispatcher.forfeit("c2", said("lost"), fence=fence)
    yield lambda: queue.dispatcher.record_intents(fence, [record.model_copy(update={"state": "intended"})])
    yield lambda: queue.dispatcher.record_launched(fence, "c1", "h")
    yield lambda: queue.dispatcher.record_ended("c1", "gone", said("over"))
    yield lambda: (queue.dispatcher.reclaim(), queue.dispatcher.rates())
    yield lambda: (queue.dispatcher.reclaim(), queue.dispatcher.wished())
    yield lambda: (queue.dispatcher.reclaim(), queue.dispatcher.due_notices())
    yield lambda: queue.dispatcher.settle_folders(fence, queue.dispatcher.due_folders(fence, 10, 1))
    yield lambda: (queue.dispatcher.reclaim(), queue.inspect.depth())
    yield lambda: (queue.dispatcher.reclaim(), queue.inspect.waiting())
    yield lambda: (queue.dispatcher.reclaim(), queue.inspect.containers())
    yield lambda: (queue.dispatcher.reclaim(), queue.inspect.backlog_age_s())
    yield lambda: queue.operator.requeue("victim", "0-1", "ann")
    yield lambda: queue.operator.discard("victim", "0-0", "ann")
    yield lambda: list(queue.operator.requeue_all(DeadFilter(reason="BadInput"), "ann"))
    yield lambda: list(queue.operator.discard_all(DeadFilter(lane=Lane.NORMAL), "ann"))
    yield queue.inspect.reasons
    yield lambda: queue.operator.set_limits({"max_containers": "3"}, "ann")
    yield queue.inspect.limits
    yield queue.operator.pause
    yield queue.operator.resume
    yield lambda: submit(queue, "victim", 2)
    yield lambda: queue.producer.cancel("victim")
    yield lambda: submit(queue, "victim", 2)
    yield queue.dispatcher.reclaim


def work_on(queue: SceneQueue, container: str) -> None:
    """Do what there is, as a worker would: some rounds, each of which may find only what is to be cleared away."""
    for _ in range(12):
        queue.dispatcher.reclaim()
        leases = queue.worker.lease(container, 10)
        queue.worker.ack(container, [done(lease) for lease in leases])


JOB_FIELDS = (
    *("stages", "stage", "ready", "leased", "delayed", "dead", "dropped", "waiting", "done", "ready_weight_ms", "max_attempts"),
    *("finished_ms", "created_ms", "weight_ms:1"),
)


#: Keys that are not texts.
TYPED = (
    *("journal:victim/0-2", "needs", "since:normal:render/1", "job:victim:parts:render/1", "job:victim:brought"),
    "job:victim:dead:names",
    "jobs:folders",
    *(
        "counts",
        "control",
        "bell:render/1",
        "leases",
        "delayed",
        "dead",
        "jobs",
        "expiring",
        "notices",
        "wished",
        "containers",
        "rates",
    ),
    *(
        "dispatcher",
        "fence",
        "lane:normal:render/1",
        "job:victim",
        "item:victim/0-2",
        "held:c1",
        "held:c2",
        "held:c2:call",
        "drain:c2",
        "audit",
        "dead:reasons",
        "dead:reason_of",
        "dead:reason:BadInput",
        "limits",
    ),
    *(f"job:victim:{part}" for part in ("ready:render/1", "stage:1:render/1", "delayed", "results", "dead", "events", "history")),
    *("container:c1", "container:c1:log"),
)
