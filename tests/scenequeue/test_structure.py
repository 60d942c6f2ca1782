"""Keys bear the number of their structure, and what an older one has queued is refused before anything happens."""

import contextlib
from collections.abc import Callable

import pytest

from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from scenequeue.structure.keys import SHARED, STRUCTURES
from tests.scenequeue.conftest import queue_on
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said

_STEPS: dict[str, Callable[[SceneQueue], object]] = {
    "a producer": lambda queue: submit(queue, "a", 1),
    "a worker": lambda queue: queue.worker.lease("c1", 1),
    "a dispatcher": lambda queue: queue.dispatcher.acquire("one", 30),
    "a program that asks first": lambda queue: queue.ping(),
}


def test_what_is_queued_bears_the_structures_number(any_queue: SceneQueue) -> None:
    """All but what containers and dispatchers share over structures."""
    submit(any_queue, "a", 3, 1)
    one, two, _ = any_queue.worker.lease("c1", 3)
    any_queue.worker.ack("c1", [done(one)])
    any_queue.worker.fail("c1", two, "BadInput", said("no"), transient=False)
    any_queue.dispatcher.drain("c2")
    any_queue.operator.pause()
    prefix = any_queue._connection.keys.prefix
    names = [key.removeprefix(prefix) for key in any_queue._connection.client.keys(prefix.replace("{", "\\{") + "*")]
    unnumbered = {name.partition(":")[0] for name in names if not name.startswith(f"{STRUCTURES[0]}:")}
    assert {"control", "drain"} <= unnumbered <= SHARED
    numbered = {name.split(":")[1] for name in names if name.startswith(f"{STRUCTURES[0]}:")}
    assert numbered >= {"counts", "job", "jobs", "leases", "item", "held", "dead"}
    assert not numbered & SHARED


@pytest.mark.parametrize("left", ["lane:normal", "lane:urgent", "leases", "delayed"])
@pytest.mark.parametrize("step", _STEPS.values(), ids=_STEPS.keys())
def test_what_an_older_structure_has_queued_is_refused_in_one_line(
    any_queue: SceneQueue, step: Callable[[SceneQueue], object], left: str
) -> None:
    """By every program at its first step; once it is drained, the same program goes on."""
    client, prefix = any_queue._connection.client, any_queue._connection.keys.prefix
    client.zadd(prefix + left, {"old": 1})
    with pytest.raises(SettingsError, match="holds items that an older Sceneburst has queued") as refused:
        step(any_queue)
    assert "\n" not in str(refused.value)
    assert client.keys(any_queue._connection.keys.structure.replace("{", "\\{") + "*") == []
    client.delete(prefix + left)
    step(any_queue)


def test_what_an_older_structure_has_left_at_rest_is_in_nobodys_way(servers: dict[str, str], namespace: str) -> None:
    """Counters and results of jobs that ended; they keep the time that they have to live."""
    with contextlib.closing(queue_on("wheel", servers, namespace)) as queue:
        client, prefix = queue._connection.client, queue._connection.keys.prefix
        client.hset(prefix + "counts", "done", 3)
        client.zadd(prefix + "jobs", {"old": 1})
        submit(queue, "a", 1)
        assert [job.job_id for job in queue.inspect.jobs()] == ["a"]
        assert queue.inspect.depth().counts.done == 0
