"""The dispatcher's decisions in Redis: written once, under the fence, and read with what became of the containers."""

import json

import pytest

from scenequeue.errors import DispatcherDeposed
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.published.decision import MAX_CONTAINERS
from scenequeue.queue import SceneQueue
from tests.support.reasons import said

_WHY = {"code": "plan_launches", "parameters": {"waiting": {"code": "ready", "parameters": {"items": 9}}}}


def _decision(*names: str, ready: int = 9) -> str:
    order = {"containers": len(names), "batch": 3, "vcpu": 2.0, "memory_mib": 4096, "container_ids": names}
    return json.dumps({"why": _WHY, "ready": ready, "running": 1, "usd_per_hour": 0.5, "orders": [order] if names else []})


def _intents(*names: str) -> list[ContainerRecord]:
    return [ContainerRecord(container_id=ContainerId(name), fleet="fargate") for name in names]


def _fence(queue: SceneQueue, owner: str = "a") -> int:
    fence = queue.dispatcher.acquire(owner, 60)
    assert fence is not None
    return fence


def test_a_launch_is_read_with_what_became_of_its_containers(any_queue: SceneQueue) -> None:
    """One came up, one was refused by the fleet's own error, one has not reported; a record that is gone is none."""
    queue = any_queue
    fence = _fence(queue)
    queue.dispatcher.record_intents(fence, _intents("c1", "c2", "c3", "c4"), _decision("c1", "c2", "c3", "c4"))
    queue.dispatcher.record_launched(fence, "c1", "arn:1", "eu-central-1", is_spot=True)
    queue.dispatcher.record_ended("c2", "failed", said("RESOURCE:FARGATE"))
    now_ms = queue.inspect.now_ms() + 40_000
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1"), started_ms=now_ms))
    queue._connection.client.delete(queue._connection.keys.container("c4"))
    (decision,) = queue.inspect.decisions()
    assert (decision.ready, decision.running, decision.usd_per_hour, decision.launches) == (9, 1, 0.5, 4)
    one, two, three, four = decision.launched
    assert (one.came_up_ms, one.place, one.is_spot, one.batch) == (now_ms, "eu-central-1", True, 3)
    assert one.start_up_s == pytest.approx(40, abs=5)
    assert (two.is_refused, two.came_up_ms, two.ended_because) == (True, None, said("RESOURCE:FARGATE"))
    assert two.ended_ms
    assert (three.is_refused, three.came_up_ms, three.ended_ms) == (False, None, None)
    assert four.record is None


def test_a_standstill_is_recorded_where_its_mark_is_new(any_queue: SceneQueue) -> None:
    """By whichever dispatcher; and the same launch, run again after a lost answer, once."""
    queue = any_queue
    fence = _fence(queue)
    for mark in ("at rest", "at rest", "cut"):
        queue.dispatcher.record_decision(fence, mark, _decision())
    queue.dispatcher.resign("a")
    fence = _fence(queue, "b")
    queue.dispatcher.record_decision(fence, "cut", _decision())
    for _ in range(2):
        queue.dispatcher.record_intents(fence, _intents("c1"), _decision("c1"))
    queue.dispatcher.record_decision(fence, "launch", _decision())
    queue.dispatcher.record_decision(fence, "cut", _decision())
    assert [decision.launches for decision in queue.inspect.decisions()] == [0, 1, 0, 0]
    assert [decision.launches for decision in queue.inspect.decisions(2)] == [0, 1]


def test_a_deposed_dispatcher_records_nothing(any_queue: SceneQueue) -> None:
    """Neither a decision nor the intents that belong to it."""
    queue = any_queue
    stale = _fence(queue)
    queue.dispatcher.resign("a")
    _fence(queue, "b")
    with pytest.raises(DispatcherDeposed):
        queue.dispatcher.record_decision(stale, "at rest", _decision())
    with pytest.raises(DispatcherDeposed):
        queue.dispatcher.record_intents(stale, _intents("c1"), _decision("c1"))
    assert queue.inspect.decisions() == []
    assert queue.inspect.containers() == []


def test_what_anybody_has_written_there_is_read_without_an_error(queue: SceneQueue) -> None:
    """Entries without fields of ours, with values of any type, too long, or a key that is no stream."""
    client, keys = queue._connection.client, queue._connection.keys
    junk = [5, -1, "x", None, [], {}, [5], [{"containers": "x"}], 1e308, True]
    for value in junk:
        made = {"why": value, "ready": value, "cut": value, "orders": value, "usd_per_hour": value}
        client.xadd(keys.decisions, {"mark": "x", "decision": json.dumps(made)})
        order = {"containers": value, "batch": value, "vcpu": value, "container_ids": value, "for_job": value}
        client.xadd(keys.decisions, {"decision": json.dumps({"orders": [order] * 300})})
    for text in ("", "[]", "nan", "[" * 100_000, '{"why": {"code": "x", "parameters": 5}}'):
        client.xadd(keys.decisions, {"decision": text})
    client.xadd(keys.decisions, {"more": "x"})
    names = [f"c{n}" for n in range(3000)]
    client.xadd(keys.decisions, {"decision": _decision(*names)})
    found = queue.inspect.decisions()
    assert len(found) == 2 * len(junk) + 7
    assert all(decision.why.text for decision in found)
    assert len(found[0].launched) == MAX_CONTAINERS
    fence = _fence(queue)
    queue.dispatcher.record_decision(fence, "cut", _decision())
    assert queue.inspect.decisions(1)[0].ready == 9
    client.set(keys.decisions, "x")
    assert queue.inspect.decisions() == []
    queue.dispatcher.record_decision(fence, "cut", _decision())
    assert len(queue.inspect.decisions()) == 1
