"""SIGKILL of the worker and of Redis while a stage grows: it is there whole or not at all, and its job comes to its end.

`make growth-kills` grows it to 100,000 items, and kills each at 20 points from the first step of staging to after the ack.
"""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import QueueUnavailable
from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import Lease
from scenequeue.jobs.job import JobSpec
from scenequeue.ports.growth import CHUNK, GROWTH_TTL_S
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.script_runner import Steps
from tests.conftest import assert_nothing_leaks
from tests.scenequeue.jobs import done, items
from tests.support.waiting import wait_until

T = TypeVar("T")
_ITEMS = int(os.environ.get("SCENEBURST_GROWTH_ITEMS", "5000"))
_POINTS = int(os.environ.get("SCENEBURST_GROWTH_POINTS", "0"))
#: Those of staging, and the ack.
_STEPS = -(-_ITEMS // CHUNK) + 1
#: Numbers of the steps at which one is killed; the last is the one that there is not: after the ack.
_KILLED_AT = [round(at * _STEPS / ((_POINTS or 11) - 1)) for at in range(_POINTS or 11)]
_LEASED_AT_ONCE = 5000


def _queue(url: str, namespace: str) -> SceneQueue:
    return SceneQueue(SceneburstSettings.load(redis_url=url, namespace=namespace, result_ttl_s=1 if _POINTS else 600))


def _lease(queue: SceneQueue, lease_s: float) -> Lease:
    """The item of a job that is to bring the items of the next stage."""
    queue.producer.submit(JobSpec(job_id=check_job_id("a")), [items(1), None])
    (lease,) = queue.worker.lease("c1", 1, lease_s=lease_s)
    return lease


def _bring(queue: SceneQueue, container: str, lease: Lease) -> list[Lease]:
    count = queue.worker.grow(container, lease, items(_ITEMS))
    return queue.worker.ack(container, [done(lease)], {lease.token: count})


def _act_at(step: int, act: Callable[[], object], patch: pytest.MonkeyPatch) -> None:
    """Do something just before the step of this number is sent."""
    run, numbers = Steps.run, itertools.count()

    def counted(self: Steps, script: str, *words: Any) -> Any:
        if script in {"grow", "ack"} and next(numbers) == step:
            act()
        return run(self, script, *words)

    patch.setattr(Steps, "run", counted)


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _bring_and_die(queue: SceneQueue, lease: Lease, step: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _act_at(step, _kill_this_process, patch)
        _bring(queue, "c1", lease)
    _kill_this_process()


def _assert_it_ends_and_leaves_nothing(queue: SceneQueue) -> None:
    """Each of the items is leased once; then all keys expire, those of what was staged in vain too: the long run waits for it."""
    assert queue.inspect.depth().counts.ready == _ITEMS
    leases, taken = queue.worker.lease("c2", _LEASED_AT_ONCE), list[str]()
    while leases:
        taken += [lease.item_id for lease in leases]
        refused, leases = queue.worker.exchange("c2", [done(lease) for lease in leases], _LEASED_AT_ONCE)
        assert refused == []
    assert sorted(taken) == sorted(f"1-0.{number}" for number in range(_ITEMS))
    counts = queue.inspect.depth().counts
    assert (counts.done, counts.total) == (_ITEMS + 1, _ITEMS + 1)
    client, keys = queue._connection.client, queue._connection.keys

    def left() -> set[str]:
        queue.dispatcher.reclaim()
        found = client.scan_iter(match=keys.prefix.replace("{", "\\{") + "*", count=1000)
        return {key.removeprefix(keys.structure).removeprefix(keys.prefix) for key in found}

    def is_nothing_left() -> bool:
        staged = {name for name in left() if name.startswith("growth:")}
        assert all(0 < client.ttl(keys.of(name)) <= GROWTH_TTL_S for name in staged)
        return left() - staged <= {"counts", "needs", "rates"}

    assert_nothing_leaks(client, keys.prefix.strip("{}:"))
    if _POINTS:
        wait_until(is_nothing_left, "only counters are left")


@pytest.mark.parametrize("step", _KILLED_AT)
def test_a_worker_that_is_killed_brings_all_or_nothing(redis_url: str, namespace: str, step: int) -> None:
    """Before a step of staging, before its ack, and after it; another attempt brings them once."""
    queue = _queue(redis_url, namespace)
    lease = _lease(queue, 0)
    child = multiprocessing.get_context("fork").Process(target=_bring_and_die, args=(queue, lease, step))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    if step < _STEPS:
        assert queue.producer.status("a").counts.total == 1
        assert queue.worker.lease("c2", 1) == []
        assert queue.dispatcher.reclaim() == 1
        (again,) = queue.worker.lease("c2", 1)
        assert _bring(queue, "c2", again) == []
    _assert_it_ends_and_leaves_nothing(queue)
    queue.close()


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that loses nothing that was answered."""
    with EmbeddedRedis(tmp_path, is_durable=True) as server:
        yield server
    for file in tmp_path.rglob("*.aof"):
        file.unlink()


# In CI a third of the points: each starts two servers.
@pytest.mark.parametrize("step", _KILLED_AT if _POINTS else _KILLED_AT[::-3])
def test_a_redis_that_is_killed_has_all_or_nothing(durable: EmbeddedRedis, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an append-only file, while a step is on its way; the worker stages, or acks, again."""
    queue = _queue(durable.url, "sceneburst")
    lease = _lease(queue, 1000)
    killer, seen = threading.Thread(target=durable.kill), list[int]()

    def come_back() -> None:
        killer.join()
        durable.start()
        seen.append(queue.producer.status("a").counts.ready)

    def until_served(call: Callable[[], T]) -> T:
        try:
            return call()
        except QueueUnavailable:
            come_back()
            return call()

    _act_at(step, killer.start, monkeypatch)
    count = until_served(lambda: queue.worker.grow("c1", lease, items(_ITEMS)))
    assert seen in ([], [0])
    assert until_served(lambda: queue.worker.ack("c1", [done(lease)], {lease.token: count})) == []
    if not seen:
        # It was killed after the ack was answered.
        if step == _STEPS:
            killer.start()
        come_back()
        assert seen == [_ITEMS]
    assert seen[0] in ({0} if step < _STEPS - 1 else {0, _ITEMS})
    _assert_it_ends_and_leaves_nothing(queue)
    queue.close()
