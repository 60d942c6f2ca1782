"""Wishes are stored with their job, and the dispatcher launches containers by them."""

import hashlib

from dispatcher.fleet import SIZES, FleetContainer, Hardware, LaunchRequest, LaunchResult
from dispatcher.tick import Dispatcher
from scenequeue.jobs.ids import JobId, check_job_id
from scenequeue.jobs.job import JobSpec, Lane
from scenequeue.jobs.wishes import JobWishes, WishedJob
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.settings import DispatcherSettings
from tests.scenequeue.jobs import done, items, submit
from tests.support.reasons import said


class _Fleet:
    """Remembers what it was asked for."""

    name = "none"
    hardware = Hardware()

    def __init__(self) -> None:
        self.asked: list[LaunchRequest] = []

    def launch(self, requests: list[LaunchRequest]) -> list[LaunchResult]:
        self.asked += requests
        return [LaunchResult(request.container_id, handle="h") for request in requests]

    def list(self) -> list[FleetContainer]:
        return [FleetContainer("h", request.container_id, is_running=True) for request in self.asked]

    def stop(self, handle: str, reason: Reason) -> None:
        raise AssertionError(f"nothing is to be stopped: {handle} {reason}")


def test_wishes_are_stored_with_the_job_and_make_its_containers(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """From the submission to the size, the slots and the batch of what is launched; then they are covered, and forgotten."""
    settings = DispatcherSettings.load(redis_url=redis_url, namespace=namespace)
    wishes = JobWishes(scenes_per_batch=2, max_parallel_tasks=3, config_priority=3)
    spec = JobSpec(job_id=check_job_id("mine"), lane=Lane.URGENT, wishes=wishes)
    assert queue.producer.submit(spec, [items(6)]).wishes == queue.producer.status("mine").wishes == wishes
    submit(queue, "other", 5)
    assert queue.dispatcher.wished() == [WishedJob(JobId("mine"), True, 6, 6, 6.0, wishes, "render/1")]
    fleet = _Fleet()
    dispatcher = Dispatcher(queue, fleet, settings)
    made = dispatcher.tick()
    assert made is not None
    assert made.launches == (2, 2, 2, 5)
    assert [request.size for request in fleet.asked] == [SIZES[3]] * 3 + [SIZES[1]]
    assert [request.environment["SCENEBURST_SLOTS"] for request in fleet.asked] == ["8"] * 3 + ["2"]
    records = {record.container_id: record for record in queue.inspect.containers()}
    assert [records[request.container_id].for_job for request in fleet.asked] == ["mine"] * 3 + [""]
    assert {record.vcpu for record in records.values() if record.for_job} == {8.0}
    again = dispatcher.tick()
    assert again is not None
    assert again.orders == ()
    leases = queue.worker.lease("c1", 11)
    queue.worker.ack("c1", [done(lease) for lease in leases])
    assert queue.dispatcher.wished() == []
    assert not queue._connection.client.exists(queue._connection.keys.wished)
    dispatcher.close()


def test_a_job_s_wishes_go_and_come_with_its_state(queue: SceneQueue) -> None:
    """Failed and requeued, it has them again; cancelled, none; what a foreign writer puts there is taken out."""
    spec = JobSpec(job_id=check_job_id("a"), wishes=JobWishes(), max_attempts=1)
    queue.producer.submit(spec, [items(1)])
    (lease,) = queue.worker.lease("c1", 1)
    queue.worker.fail("c1", lease, "BadInput", said("no"), transient=False)
    assert queue.dispatcher.wished() == []
    queue.operator.requeue("a", "0-0")
    assert [each.job_id for each in queue.dispatcher.wished()] == ["a"]
    connection = queue._connection
    connection.client.hset(connection.keys.job("b"), mapping={"state": "active", "wishes": '{"config_priority":99}'})
    connection.client.set(connection.keys.job("c"), "no hash")
    connection.client.zadd(connection.keys.wished, {"b": 1, "c": 2, "no such job": 3, "a/b": 4})
    assert [each.job_id for each in queue.dispatcher.wished()] == ["a"]
    assert connection.client.zrange(connection.keys.wished, 0, -1) == ["a"]
    queue.producer.cancel("a")
    assert queue.dispatcher.wished() == []
    connection.client.delete(connection.keys.job("b"), connection.keys.job("c"))


def test_a_job_without_wishes_is_the_same_job_as_ever(queue: SceneQueue) -> None:
    """The digest of its content does not know of wishes; with some it is another job."""
    spec = JobSpec(job_id=check_job_id("a"))
    queue.producer.submit(spec, [items(1)])
    digest = hashlib.sha256(spec.model_dump_json(exclude={"job_id", "wishes", "work_folder"}).encode())
    digest.update(f"0-0 1000 {items(1)[0].model_dump_json()}".encode())
    connection = queue._connection
    assert connection.client.hget(connection.keys.job("a"), "digest") == digest.hexdigest()
