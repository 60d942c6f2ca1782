"""Ten situations with their real faults: what is wrong and what to do stands among the first troubles within two seconds.

`make situations` runs them.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.webhooks import WebhookSender
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.conftest import S3
from tests.sceneburst.overview.situations.conftest import Seen, StartDispatcher, see
from tests.scenequeue.jobs import done, items, submit
from tests.support.fargate_simulator import ONE_REGION, Simulator
from tests.support.redis_servers import free_port, server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.situation, pytest.mark.timeout(300)]

StartWorker = Callable[..., Any]


def _submit(queue: SceneQueue, job_id: str, payload: dict[str, str], count: int = 4, **spec: Any) -> None:
    scenes = [
        WorkItem(kind="render", name=f"scene{n}", payload={**payload, "output": f"{payload['output']}/{n}.mp4"})
        for n in range(count)
    ]
    queue.producer.submit(JobSpec(job_id=check_job_id(job_id), **spec), [scenes])


def _plan_waits(queue: SceneQueue, code: str) -> Callable[[], bool]:
    def is_told() -> bool:
        told = (queue.inspect.plan() or {}).get("waits_because") or {}
        return told.get("code") == code

    return is_told


def test_a_bad_bucket(queue: SceneQueue, seen: Seen, start_worker: StartWorker, s3: S3) -> None:
    """From the first refused download on, the bucket is named, and that it is missing."""
    start_worker("c1")
    for job in ("a", "b"):
        _submit(queue, job, {"image": "s3://no-such-bucket/i.jpg", "audio": "s3://no-such-bucket/n.mp3", "output": s3.uri}, 2)
    found = seen("letters reason=object_missing", lambda: queue.inspect.depth().counts.dead)
    assert "s3://no-such-bucket/" in found.problem.text
    assert "NoSuchBucket" in found.problem.text
    assert found.remedy.text.startswith("create the bucket, or correct the address")


@pytest.fixture
def ecs(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulated ECS, whose tasks have no program."""
    logs = tmp_path / "tasks"
    logs.mkdir()
    with Simulator(logs) as simulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", simulator.url)
        yield simulator


def test_no_capacity(queue: SceneQueue, seen: Seen, start_dispatcher: StartDispatcher, ecs: Simulator) -> None:
    """ECS's own name of the refusal, and that waiting is enough."""
    ecs.faults.exhausted = {(None, None, None)}
    submit(queue, "a", 8)
    start_dispatcher(fleet="fargate", **{name.removeprefix("SCENEBURST_").lower(): value for name, value in ONE_REGION.items()})
    found = seen("refused", _plan_waits(queue, "no_capacity"))
    assert "RESOURCE:" in found.problem.text or "capacity" in found.problem.text.lower()
    assert found.remedy.text.startswith("it is tried again by itself")


def test_a_paused_lane(queue: SceneQueue, seen: Seen) -> None:
    """With who, why, and how it goes on."""
    submit(queue, "a", 2, lane=Lane.BULK)
    queue.dispatcher.acquire("test", 60)
    queue.operator.pause(lane=Lane.BULK, by="ann@ops", why="disk full")
    found = seen("paused lane=bulk", lambda: True)
    assert found.problem.text == 'ann@ops paused it: "disk full"'
    assert "sceneburst queue resume --lane bulk" in found.remedy.text


def test_a_poison_job(queue: SceneQueue, seen: Seen, start_worker: StartWorker, tmp_path: Path) -> None:
    """All items of one job fail with the same error, and nothing else does."""
    picture = tmp_path / "broken.jpg"
    picture.write_bytes(b"no picture")
    start_worker("c1")
    broken = {"image": picture.as_uri(), "audio": picture.as_uri(), "output": tmp_path.as_uri()}
    _submit(queue, "poison", broken)
    found = seen("job job=poison", lambda: queue.inspect.depth().counts.dead >= 3)
    assert found.title.text == "job poison fails"
    assert found.target["job"] == "poison"
    assert "cancel the job" in found.remedy.text


def test_an_old_image(queue: SceneQueue, seen: Seen, start_dispatcher: StartDispatcher) -> None:
    """Work of a newer version, which the containers that are launched do not know."""
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[WorkItem(v=99, kind="render", name="newer")]])
    start_dispatcher()
    found = seen("unserved need=render/99", lambda: (queue.inspect.plan() or {}).get("alarms"))
    assert "serves render/99" in found.problem.text
    assert found.remedy.text.startswith("deploy an image")


def test_no_dispatcher(queue: SceneQueue, seen: Seen, start_dispatcher: StartDispatcher) -> None:
    """From the end of its lock on, after it was killed."""
    program = start_dispatcher(max_containers=1)
    wait_until(queue.inspect.plan, "the dispatcher acts")
    submit(queue, "a", 2, lane=Lane.NORMAL)
    queue.operator.pause(job="a", by="ann@ops", why="no containers in this test")
    program.kill()
    found = seen("no_dispatcher", lambda: not queue.inspect.has_dispatcher())
    assert "sceneburst dispatcher" in found.remedy.text


def test_a_spent_budget(queue: SceneQueue, seen: Seen, start_dispatcher: StartDispatcher) -> None:
    """With the price of a container, the budget, and how it is raised."""
    submit(queue, "a", 8)
    start_dispatcher(budget_usd_per_hour=0.001)
    found = seen("budget", _plan_waits(queue, "over_budget"))
    assert "would exceed the budget of $0.001 an hour" in found.problem.text
    assert "sceneburst limits set budget_usd_per_hour=" in found.remedy.text


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on PATH")
def test_a_redis_that_is_nearly_full(namespace: str) -> None:
    """Before it refuses anything."""
    options = ("--maxmemory", "16mb", "--maxmemory-policy", "noeviction")
    with server(str(shutil.which("redis-server")), *options) as full:
        queue = SceneQueue(SceneburstSettings.load(redis_url=full.url, namespace=namespace))
        queue.dispatcher.acquire("test", 60)

        def is_nearly_full() -> bool:
            info = full.admin.info("memory")
            is_full = info["used_memory"] >= 0.9 * info["maxmemory"]
            if not is_full:
                full.admin.rpush("filling", *(os.urandom(1000).hex() for _ in range(200)))
            return is_full

        found = see(queue, "redis problem=memory", is_nearly_full)
        queue.close()
    assert found.title.text == "Redis nearly full"
    assert found.remedy.text.startswith("raise maxmemory")


def test_a_container_that_is_stuck(queue: SceneQueue, seen: Seen, start_worker: StartWorker, tmp_path: Path) -> None:
    """It is frozen with an item in work; from the moment that it is silent for too long."""
    queue.dispatcher.acquire("test", 300)
    scene = WorkItem(kind="wait", name="slow", payload={"folder": str(tmp_path)})
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [[scene]])
    worker = start_worker("c1")
    wait_until(lambda: [record for record in queue.inspect.containers() if record.held], "it has reported its item")
    worker.send_signal(signal.SIGSTOP)
    found = seen("silent", lambda: queue.inspect.now_ms() - queue.inspect.containers()[0].beat_ms > 60_000)
    worker.send_signal(signal.SIGCONT)
    assert found.problem.text.startswith("c1 has not reported for 6")
    assert "its log may say why" in found.remedy.text


def test_a_webhook_receiver_that_is_down(queue: SceneQueue, seen: Seen) -> None:
    """From the first refused post on; the posts are repeated."""
    queue.dispatcher.acquire("test", 60)
    spec = JobSpec(job_id=check_job_id("a"), callback_url=f"https://hooks.example:{free_port()}/ended")
    queue.producer.submit(spec, [items(1)])
    queue.worker.ack("c1", [done(queue.worker.lease("c1", 1)[0])])
    sender = WebhookSender(queue, None, resolve=lambda _host, _port: "127.0.0.1")
    sender.run()
    found = seen("callbacks host=hooks.example", lambda: _has_failed(queue))
    sender.close()
    assert found.problem.text.startswith("hooks.example does not accept callbacks: ")
    assert found.remedy.text.startswith("mend the receiver")


def _has_failed(queue: SceneQueue) -> bool:
    callback = queue.inspect.job("a").callback
    return callback is not None and callback.tries > 0
