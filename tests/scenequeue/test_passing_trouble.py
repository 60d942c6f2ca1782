"""A Redis that cannot serve now is one transient error, in a step, a pipeline or a single command."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.connection import Connection
from tests.scenequeue.conftest import SERVERS
from tests.scenequeue.jobs import done, submit
from tests.support.waiting import wait_until


@pytest.fixture(params=[name for name, binary in SERVERS.items() if binary])
def troubled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SceneQueue, redis.Redis]]:
    """A queue with work, and its server's administrator, who may spoil it."""
    with EmbeddedRedis(tmp_path, binary=Path(str(SERVERS[request.param]))) as server:
        queue = SceneQueue(SceneburstSettings.load(redis_url=server.url))
        submit(queue, "a", 3)
        client = redis.Redis.from_url(server.url)
        yield queue, client
        client.close()
        queue.close()


def _without_replicas(client: redis.Redis) -> None:
    client.config_set("min-replicas-to-write", 1)


def _with_replicas(client: redis.Redis) -> None:
    client.config_set("min-replicas-to-write", 0)


def _out_of_memory(client: redis.Redis) -> None:
    client.config_set("maxmemory", 1)


def _with_memory(client: redis.Redis) -> None:
    client.config_set("maxmemory", 0)


def _demoted(client: redis.Redis) -> None:
    client.execute_command("REPLICAOF", "127.0.0.1", "1")


def _promoted(client: redis.Redis) -> None:
    client.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [(_without_replicas, _with_replicas), (_out_of_memory, _with_memory), (_demoted, _promoted)],
    ids=["no replicas", "out of memory", "demoted"],
)
def test_a_server_that_cannot_write_now_is_unavailable_and_then_serves_on(
    troubled: tuple[SceneQueue, redis.Redis],
    spoil: Callable[[redis.Redis], None],
    mend: Callable[[redis.Redis], None],
) -> None:
    """A worker that repeats its reports until they are accepted goes on where it was."""
    queue, client = troubled
    record = ContainerRecord(container_id=ContainerId("c1"))
    queue.worker.beat(record)
    (lease,) = queue.worker.lease("c1", 1)
    spoil(client)
    attempts: list[Callable[[], object]] = [
        lambda: queue.worker.beat(record),
        lambda: queue.dispatcher.publish_plan("{}"),
        lambda: submit(queue, "b", 1),
    ]
    if spoil is not _out_of_memory:
        # What takes from a list first may go on without memory: it gives some back.
        attempts += [lambda: queue.worker.lease("c1", 1), lambda: queue.worker.exchange("c1", [], 1)]
    for attempt in attempts:
        with pytest.raises(QueueUnavailable):
            attempt()
    mend(client)
    assert queue.worker.release("c1", [lease]) == []
    assert queue.producer.status("a").counts.ready == 3


def test_a_server_without_memory_takes_results_and_no_jobs(troubled: tuple[SceneQueue, redis.Redis]) -> None:
    """Steps that end work free memory; steps that add work are refused whole."""
    queue, client = troubled
    one, two = queue.worker.lease("c1", 2)
    _out_of_memory(client)
    assert queue.worker.ack("c1", [done(one)]) == []
    refused, leases = queue.worker.exchange("c1", [done(two)], 1)
    assert (refused, [lease.item_id for lease in leases]) == ([], ["0-2"])
    with pytest.raises(QueueUnavailable):
        submit(queue, "b", 1)
    _with_memory(client)
    assert (queue.producer.status("a").counts.done, queue.inspect.depth().counts.total) == (2, 3)


def test_a_server_busy_with_another_script_is_unavailable(troubled: tuple[SceneQueue, redis.Redis]) -> None:
    """Another tenant's endless script is no answer to ours."""
    queue, client = troubled
    client.config_set("lua-time-limit", 1)

    def run_for_ever() -> None:
        with pytest.raises(redis.exceptions.ResponseError):
            client.eval("while true do end", 0)

    hog = threading.Thread(target=run_for_ever)
    hog.start()
    killer = redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"])

    def is_busy() -> bool:
        try:
            queue.inspect.depth()
        except QueueUnavailable as error:
            return "BUSY" in str(error)
        return False

    wait_until(is_busy, "it is busy")
    with pytest.raises(QueueUnavailable):
        queue.worker.lease("c1", 1)
    killer.execute_command("SCRIPT", "KILL")
    hog.join(60)
    killer.close()
    assert len(queue.worker.lease("c1", 1)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "NOREPLICAS Not enough good replicas to write.",
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        "Error running script (call to f_1): @user_script:7: @user_script: 7: -MISCONF Redis is configured to save RDB snapshots",
        "MISCONF Errors writing to the AOF file: No space left on device script: 1, on @user_script:7.",
    ],
)
def test_words_of_passing_trouble_are_known_wherever_they_stand(said: str) -> None:
    """As Redis 6.2 and later ones put them, in a script's error too; a script's own error is not among them."""
    connection = Connection(SceneburstSettings.load(redis_url="redis://127.0.0.1:1/0"))
    with pytest.raises(QueueUnavailable, match="cannot serve now"), connection.translated():
        raise redis.exceptions.ResponseError(said)
    with pytest.raises(redis.exceptions.ResponseError), connection.translated():
        raise redis.exceptions.ResponseError("ERR value is not an integer or out of range: BUSY")
