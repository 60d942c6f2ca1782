"""`sceneburst queue decisions`: what was launched and why, and what became of it."""

import json

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from tests.sceneburst.conftest import Console
from tests.support.reasons import said


def _decide(queue: SceneQueue, *names: str) -> None:
    fence = queue.dispatcher.acquire("one", 60)
    assert fence
    waiting = {"code": "ready", "parameters": {"items": 9}}
    launches = {"code": "launch_alike", "parameters": {"containers": len(names), "items": 3}}
    why = {"code": "plan_launches", "parameters": {"waiting": waiting, "launches": launches, "because": []}}
    order = {"containers": len(names), "batch": 3, "vcpu": 2.0, "memory_mib": 4096, "container_ids": names}
    records = [ContainerRecord(container_id=ContainerId(name)) for name in names]
    queue.dispatcher.record_intents(fence, records, json.dumps({"why": why, "ready": 9, "orders": [order]}))
    queue.dispatcher.record_decision(fence, "enough", json.dumps({"why": {"code": "plan_at_rest", "parameters": {}}}))
    for name in names[:3]:
        queue.dispatcher.record_launched(fence, name, "handle", "eu-central-1")


def test_decisions_are_listed_with_what_became_of_their_containers(console: Console, queue: SceneQueue) -> None:
    """Newest first: how many came up and after how long, which are starting, were refused, or never came up."""
    assert "no decisions of a dispatcher are recorded" in console("queue", "decisions").out
    _decide(queue, "c1", "c2", "c3", "c4")
    queue.worker.beat(ContainerRecord(container_id=ContainerId("c1"), started_ms=queue.inspect.now_ms() + 41_000))
    queue.dispatcher.record_ended("c2", "failed", said("CannotPullContainerError"))
    queue.dispatcher.record_ended("c4", "failed", said("RESOURCE:FARGATE\nmore\x1b[2J"))
    told = console("queue", "decisions").out
    assert told.index("nothing ready, no containers") < told.index("9 ready → 4 containers × 3")
    for words in ("1 up within 4", "1 starting", "1 refused: RESOURCE:FARGATE", "1 never came up: CannotPullContainerError"):
        assert words in told
    assert "more" not in told
    newest, launch = json.loads(console("queue", "decisions", "--json").out)
    assert (newest["why"]["text"], newest["launched"]) == ("nothing ready, no containers", [])
    assert [each["is_refused"] for each in launch["launched"]] == [False, False, False, True]
    assert launch["launched"][0]["place"] == "eu-central-1"
    assert launch["launched"][1]["ended_because"]["text"] == "CannotPullContainerError"
    assert len(json.loads(console("queue", "decisions", "--limit", "1", "--json").out)) == 1
