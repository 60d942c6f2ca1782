"""`sceneburst cost` on a real queue: what is known, and what no longer is."""

import json
from typing import Any

import pytest
import redis
from typer.testing import CliRunner

from sceneburst.cli import app
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from tests.scenequeue.jobs import submit, submit_kinds
from tests.support.reasons import said


def _do_all(queue: SceneQueue, job_id: str, container: str, count: int, films: int = 0, others: int = 0) -> None:
    """A container that is in the ledger ends so many items of a job, of which some are films, or neither films nor scenes."""
    record = ContainerRecord(
        container_id=ContainerId(container), vcpu=2, memory_mib=4096, slots=1, done=count, films=films, others=others
    )
    fence = queue.dispatcher.acquire("test", 30) or 0
    queue.dispatcher.record_intents(fence, [record])
    queue.dispatcher.record_launched(fence, container, "handle")
    queue.worker.beat(record)
    for _ in range(count):
        (lease,) = queue.worker.lease(container, 1)
        result = {
            "item_id": lease.item_id,
            "name": lease.item.name,
            "state": "done",
            "container": container,
            "details": {"kind": lease.item.kind},
        }
        queue.worker.ack(container, [(lease, ItemResult.model_validate(result))])
    queue.dispatcher.resign("test")


@pytest.fixture
def cost(queue: SceneQueue, redis_url: str, namespace: str) -> Any:
    """Runs the command."""

    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(app, ["cost", *arguments, "--redis-url", redis_url, "--namespace", namespace])
        assert ran.exit_code == 0, ran.output
        return ran.output

    return run


def test_a_job_costs_its_containers_minutes(queue: SceneQueue, cost: Any) -> None:
    """One container, one minute at least."""
    submit(queue, "a", 2)
    _do_all(queue, "a", "c1", 2)
    told = json.loads(cost("a", "--json"))
    assert told["estimated_cost_usd"] == pytest.approx((2 * 0.04048 + 4 * 0.004445) / 60, abs=1e-5)
    assert (told["scenes_done"], told["containers_forgotten"]) == (2, 0)


def test_a_job_whose_containers_are_forgotten_is_not_said_to_be_free(
    queue: SceneQueue, cost: Any, redis_url: str, namespace: str
) -> None:
    """Records last a day, results a week: what is left of the bill is told as a part."""
    submit(queue, "a", 4)
    _do_all(queue, "a", "c1", 2)
    _do_all(queue, "a", "c2", 2)
    client = redis.Redis.from_url(redis_url)
    client.delete("{" + namespace + "}:container:c1")
    told = json.loads(cost("a", "--json"))
    assert (told["estimated_cost_usd"], told["usd_per_scene"], told["containers_forgotten"]) == (None, None, 1)
    assert list(told["containers"]) == ["c2"]
    said = " ".join(cost("a").split())
    assert "no longer known: of the containers that worked for a, 1 ended more than a day ago; the other 1 cost about $" in said
    client.delete("{" + namespace + "}:container:c2")
    client.close()
    assert "2 ended more than a day ago" in " ".join(cost("a").split())


def test_a_day_counts_scenes_and_no_films(queue: SceneQueue, cost: Any) -> None:
    """A film costs money, and is made of scenes that count already."""
    submit_kinds(queue, "a", ["render"] * 3, ["stitch"])
    _do_all(queue, "a", "c1", 4, films=1)
    told = json.loads(cost("--json"))
    assert (told["scenes_done"], told["containers"]) == (3, 1)
    assert told["usd_per_scene"] == pytest.approx(told["estimated_cost_usd"] / 3, abs=1e-6)
    assert json.loads(cost("a", "--json"))["scenes_done"] == 3


def test_a_transcoding_has_a_cost_but_no_cost_per_scene(queue: SceneQueue, cost: Any) -> None:
    """Of the job and of the day: its items are neither scenes nor films."""
    submit_kinds(queue, "a", ["probe"], ["encode", "encode"])
    _do_all(queue, "a", "c1", 3, others=3)
    for arguments in (("a", "--json"), ("--json",)):
        told = json.loads(cost(*arguments))
        assert told["estimated_cost_usd"] > 0
        assert (told["scenes_done"], told["usd_per_scene"]) == (0, None)


def test_the_container_of_a_failed_attempt_is_paid_for_after_a_requeue_too(queue: SceneQueue, cost: Any) -> None:
    """It worked for the job, though another one made the video; a job beside pays its own part of it."""
    submit(queue, "a", 1)
    fence = queue.dispatcher.acquire("test", 30) or 0
    record = ContainerRecord(container_id=ContainerId("c1"), vcpu=2, memory_mib=4096, slots=1, done=1, failed=1)
    queue.dispatcher.record_intents(fence, [record])
    queue.dispatcher.record_launched(fence, "c1", "handle")
    queue.dispatcher.resign("test")
    queue.worker.beat(record)
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no picture"), transient=False)
    before = json.loads(cost("a", "--json"))
    assert list(before["containers"]) == ["c1"]
    queue.operator.requeue("a", "0-0")
    assert json.loads(cost("a", "--json"))["containers"] == before["containers"]
    _do_all(queue, "a", "c2", 1)
    told = json.loads(cost("a", "--json"))
    assert (sorted(told["containers"]), told["scenes_done"]) == (["c1", "c2"], 1)
    assert told["containers"]["c1"] == pytest.approx(told["containers"]["c2"] / 2, abs=1e-5)
