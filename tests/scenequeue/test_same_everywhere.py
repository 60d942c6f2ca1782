"""The same calls get the same answers and leave the same keys on fakeredis, on both Redis versions and on a cluster."""

import itertools
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from scenequeue.jobs.container import ContainerRecord, TailLines
from scenequeue.jobs.ids import ContainerId, check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, JobState, Lane
from scenequeue.jobs.job_filter import JobFilter
from scenequeue.jobs.rollup import Resolution
from scenequeue.ports import dispatcher, worker
from scenequeue.ports.steering import dead_search, limits, undo
from scenequeue.ports.steering.dead_search import DeadFilter
from scenequeue.queue import SceneQueue
from tests.scenequeue.conftest import queue_on
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said

NEWER = "render/2"
#: Points in time: of the Redis clock (ms), of an event (ms and number), of a slot (s).
_TIME = re.compile(r"\b\d{13}(?:-\d+)?\b|\b1[7-9]\d{8}\b")


def _of_need(need: str, count: int) -> list[WorkItem]:
    kind, _, version = need.partition("/")
    return [item.model_copy(update={"kind": kind, "v": int(version)}) for item in items(count)]


def _waiting(queue: SceneQueue) -> list[Any]:
    """Needs come in no order; ages are a matter of speed."""
    return sorted((each.lane, each.need, each.ready, each.weight) for each in queue.inspect.waiting())


def _needs_and_bells(queue: SceneQueue) -> list[Any]:
    spec = JobSpec(job_id=check_job_id("needs"), lane=Lane.URGENT)
    told: list[Any] = [queue.producer.submit(spec, [_of_need(NEWER, 3) + items(2), _of_need("stitch/1", 1)])]
    submit(queue, "other", 2, lane=Lane.BULK)
    told += [_waiting(queue), queue.inspect.depth(), queue.worker.wait_for_work(0.01, [NEWER])]
    told.append(queue.worker.lease("c1", 2, serves=[NEWER, "stitch/1"], bell=NEWER))
    # One, as what a container holds comes back in no order.
    told.append(queue.worker.lease("c2", 1, serves=["render/1"], begins_now=False))
    told += [queue.worker.wait_for_work(0.01, [need]) for need in ("render/1", "stitch/1", NEWER)]
    one, two = told[4]
    told.append(queue.worker.exchange("c1", [done(one)], 1, serves=[NEWER], bell=NEWER))
    told.append(queue.worker.release("c1", [two], said("no such setting")))
    told += [queue.dispatcher.forfeit("c2", said("lost")), queue.dispatcher.reclaim(), queue.worker.lease("c2", 1)]
    queue.operator.pause("ann")
    told += [queue.worker.lease("c3", 1), queue.worker.wait_for_work(0.01, [NEWER])]
    queue.operator.resume("ann")
    return [*told, queue.inspect.peek(5), queue.inspect.leased(), queue.producer.names("needs")]


def _growth_and_journal(queue: SceneQueue) -> list[Any]:
    queue.producer.submit(JobSpec(job_id=check_job_id("grows")), [items(2), None, None])
    one, two = queue.worker.lease("g1", 2)
    queue.worker.note("g1", one, {"split": "s3://b/1"})
    told: list[Any] = [queue.worker.fail("g1", one, "ToolFailed", said("once"), transient=True, retry_in_s=0)]
    told.append(queue.operator.retry_now("grows", "ann", "no pause"))
    told.append(queue.worker.ack("g1", [done(two)], {two.token: queue.worker.grow("g1", two, items(1200))}))
    (one,) = queue.worker.lease("g1", 5)
    told += [one.notes, queue.producer.status("grows")]
    brought = [*items(2), *_of_need(NEWER, 1)]
    told.append(queue.worker.ack("g1", [done(one)], {one.token: queue.worker.grow("g1", one, brought)}))
    told += [_waiting(queue), queue.worker.lease("g2", 3, serves=["render/1", NEWER])]
    first, second, third = told[-1]
    told.append(queue.worker.ack("g2", [done(second)], {second.token: queue.worker.grow("g2", second, items(2))}))
    queue.worker.grow("g2", third, items(5))
    queue.worker.note("g2", third, {"stays": "ü"})
    return [
        *told,
        queue.worker.extend("g2", [first, third]),
        queue.producer.status("grows"),
        list(queue.producer.results("grows")),
    ]


def _dead_letters_and_indexes(queue: SceneQueue) -> list[Any]:
    reasons = ["BadInput"] * 3 + ["ToolFailed"] * 2 + ["no name!"]
    for job, lane in (("dead", Lane.BULK), ("gone", Lane.NORMAL)):
        submit(queue, job, 6, 1, lane=lane, labels={"shop": job})
        for lease, reason in zip(queue.worker.lease("d1", 6), reasons, strict=True):
            queue.worker.fail("d1", lease, reason, said("no"), transient=False)
    letters = queue.inspect.find_dead(DeadFilter(reason="ToolFailed", lane=Lane.BULK))
    # Those of one millisecond come in no order.
    told: list[Any] = [queue.inspect.reasons(), sorted(letters, key=lambda letter: letter.item_id)]
    told.append(queue.producer.cancel("gone", "shop"))
    told.append(list(queue.operator.requeue_all(DeadFilter(reason="BadInput"), "ann")))
    told.append(list(queue.operator.discard_all(DeadFilter(labels={"shop": "dead"}, reason="other"), "bob")))
    queue.operator.requeue("dead", "0-3", "ann")
    queue.operator.discard("dead", "0-4", "ann")
    told += [queue.inspect.reasons(), sorted(queue.inspect.dead_ids("gone")), queue.inspect.depth()]
    for wanted in (JobFilter(state=JobState.ACTIVE), JobFilter(lane=Lane.BULK, labels={"shop": "dead"}), JobFilter(name="go")):
        told.append(queue.inspect.find_jobs(wanted))
    return told


def _operators_and_dispatchers(queue: SceneQueue) -> list[Any]:
    fence = queue.dispatcher.acquire("one", 60)
    assert fence
    record = ContainerRecord(container_id=ContainerId("o1"), serves=NEWER)
    queue.dispatcher.record_intents(fence, [record])
    queue.dispatcher.record_launched(fence, "o1", "handle")
    queue.operator.set_limits({"max_containers": "3", "budget_usd_per_hour": "2.5"}, "ann")
    queue.operator.reset_limits(["max_containers", "deadline_s"], "bob")
    queue.operator.undo(queue.inspect.acts(1)[0].entry, by="ann", why="too early")
    submit(queue, "a", 1)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    queue.dispatcher.record_sample(fence, 2, 0.25)
    told: list[Any] = [queue.worker.beat(record), queue.inspect.limits()]
    queue.worker.log("o1", TailLines("aa", 1, ["one", "two words"]))
    queue.worker.log("o1", TailLines("aa", 2, ["two words", "drei ß"]))
    queue.operator.drain("o1", by="ann")
    told += [queue.worker.beat(record), queue.inspect.log("o1"), queue.inspect.acts(), queue.dispatcher.rates()]
    queue.dispatcher.record_ended("o1", "gone", said("lost"))
    told += [queue.inspect.history(Resolution.HOUR), queue.inspect.containers()]
    return [*told, queue.dispatcher.acquire("two", 60)]


def _pauses(queue: SceneQueue) -> list[Any]:
    for name, lane in (("held", Lane.NORMAL), ("late", Lane.BULK), ("free", Lane.NORMAL)):
        submit(queue, name, 2, 1, lane=lane)
    (lease,) = queue.worker.lease("p1", 1)
    operator = queue.operator
    told: list[Any] = [operator.pause("ann", 'a "why" ü', job="held"), operator.pause("ann", lane=Lane.BULK)]
    told += [operator.pause("bob", job="held"), operator.resume("bob", lane=Lane.URGENT), queue.inspect.pauses()]
    queue.worker.release("p1", [lease])
    told += [_waiting(queue), queue.inspect.depth(), queue.dispatcher.reclaim(), queue.worker.lease("p1", 9)]
    told += [queue.producer.status("held"), queue.producer.cancel("late"), operator.resume("ann", job="held")]
    told += [queue.worker.lease("p2", 1), operator.pause("eve", job="held"), operator.pause("eve")]
    return [*told, queue.inspect.pauses(), queue.inspect.depth(), queue.inspect.acts()]


_PARTS: list[Callable[[SceneQueue], list[Any]]] = [
    _needs_and_bells, _growth_and_journal, _dead_letters_and_indexes, _operators_and_dispatchers, _pauses,
]  # fmt: skip
_READ: dict[str, tuple[str, ...]] = {
    "string": ("get",), "hash": ("hgetall",), "set": ("smembers",), "list": ("lrange", "0", "-1"),
    "zset": ("zrange", "0", "-1", "withscores"), "stream": ("xrange", "-", "+"),
}  # fmt: skip


def _left(queue: SceneQueue) -> dict[str, Any]:
    """Every key of the namespace: its type, its content, and if it expires."""
    client, prefix = queue._connection.client, queue._connection.keys.prefix
    found = {}
    for key in client.scan_iter(match=prefix.replace("{", "\\{") + "*", count=1000):
        kind = client.type(key)
        command, *arguments = _READ[kind]
        content = client.execute_command(command.upper(), key, *arguments)
        if ":rollup:" in key:
            # Where a slot stands is a matter of time.
            content = list(content.values())
        content = (
            sorted(content.items() if isinstance(content, dict) else content) if kind in {"hash", "set", "zset"} else content
        )
        found[key.removeprefix(prefix)] = (kind, client.ttl(key) > 0, content)
    return dict(sorted(found.items()))


def _lines(told: object) -> list[str]:
    """Return the answers without points in time, one part a line."""
    parts = told.items() if isinstance(told, dict) else told if isinstance(told, list) else [told]
    return [_TIME.sub("<time>", repr(part)) for part in parts]


def _record(part: Callable[[SceneQueue], list[Any]], queue: SceneQueue) -> list[str]:
    calls = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        # Tokens are made of it.
        patch.setattr(worker, "new_request_id", lambda: f"call{next(calls)}")
        # An act of many steps in the audit log has one, and a sample of the queue's history.
        for module in (dead_search, dispatcher, limits, undo):
            patch.setattr(module, "secrets", SimpleNamespace(token_hex=lambda _: f"word{next(calls)}"))
        return _lines(part(queue)) + _lines(_left(queue))


@cache
def _expected(part: Callable[[SceneQueue], list[Any]]) -> list[str]:
    return _record(part, queue_on("fake", {}, "same"))


@pytest.mark.parametrize("part", _PARTS, ids=lambda part: part.__name__.strip("_"))
def test_answers_and_keys_are_the_same_on_every_server(any_queue: SceneQueue, part: Callable[[SceneQueue], list[Any]]) -> None:
    """Against fakeredis; points in time aside."""
    assert _record(part, any_queue) == _expected(part)
