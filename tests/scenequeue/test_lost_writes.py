"""A Redis that has lost its last writes, as a crash between two syncs or a failover leaves it: old leases stay fenced off."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import DispatcherDeposed, LeaseLost
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.scenequeue.conftest import SERVERS
from tests.scenequeue.jobs import done, submit
from tests.support.reasons import said


class ForgetfulRedis:
    """A durable server that can be taken back to an earlier moment.

    Args:
        home: folder of the server's files.
        binary: the redis-server.
    """

    def __init__(self, home: Path, binary: str) -> None:
        home.mkdir()
        self._home, self._kept = home, home.with_name("kept")
        self.server = EmbeddedRedis(home, is_durable=True, binary=Path(binary))
        self.server.start()

    def remember(self) -> None:
        """This is the moment."""
        shutil.copytree(self._home, self._kept, ignore=shutil.ignore_patterns("*.sock"))

    def go_back(self) -> None:
        """Crash, and come back with what was written by then."""
        self.server.kill()
        for path in self._home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self._kept, self._home, dirs_exist_ok=True)
        self.server.start()


@pytest.fixture(params=[name for name, binary in SERVERS.items() if binary])
def forgetful(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ForgetfulRedis]:
    """One per kind of server."""
    made = ForgetfulRedis(tmp_path / "redis", str(SERVERS[request.param]))
    yield made
    made.server.stop()


@pytest.fixture
def queue(forgetful: ForgetfulRedis) -> Iterator[SceneQueue]:
    """Its queue."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=forgetful.server.url))
    yield queue
    queue.close()


def test_a_lease_that_redis_forgot_is_stale_beside_the_one_it_gave_instead(forgetful: ForgetfulRedis, queue: SceneQueue) -> None:
    """Promise 3: the container of the forgotten lease can neither prolong, end, hand back nor fail the other's."""
    submit(queue, "a", 2)
    forgetful.remember()
    stale = queue.worker.lease("c1", 2)
    forgetful.go_back()
    fresh = queue.worker.lease("c2", 2)
    assert [lease.item_id for lease in fresh] == [lease.item_id for lease in stale]
    assert queue.worker.extend("c1", stale) == stale
    assert len(queue.worker.release("c1", stale)) == 2
    assert queue.worker.ack("c1", [done(lease) for lease in stale]) == stale
    for lease in stale:
        with pytest.raises(LeaseLost):
            queue.worker.begin("c1", lease)
        with pytest.raises(LeaseLost):
            queue.worker.fail("c1", lease, "ToolFailed", said("late"), transient=True)
    assert queue.dispatcher.forfeit("c1", said("lost")) == 0
    assert queue.worker.extend("c2", fresh) == []
    assert queue.worker.ack("c2", [done(lease) for lease in fresh]) == []
    counts = queue.inspect.depth().counts
    assert (counts.done, counts.total) == (2, 2)


def test_the_same_container_gets_another_token_for_what_redis_forgot(forgetful: ForgetfulRedis, queue: SceneQueue) -> None:
    """Its own first lease is stale as well: one result, of the lease that Redis knows."""
    submit(queue, "a", 1)
    forgetful.remember()
    (stale,) = queue.worker.lease("c1", 1)
    forgetful.go_back()
    (fresh,) = queue.worker.lease("c1", 1)
    assert stale.token != fresh.token
    assert queue.worker.extend("c1", [stale, fresh]) == [stale]
    assert queue.worker.ack("c1", [done(stale)]) == [stale]
    assert queue.worker.ack("c1", [done(fresh)]) == []


def test_no_fencing_number_is_given_out_twice(forgetful: ForgetfulRedis, queue: SceneQueue) -> None:
    """Or a dispatcher that was held up through the crash would launch and stop beside the one that acts."""
    forgetful.remember()
    stale = queue.dispatcher.acquire("one", 30)
    assert stale
    forgetful.go_back()
    acting = queue.dispatcher.acquire("two", 30)
    assert acting
    assert acting > stale
    with pytest.raises(DispatcherDeposed):
        queue.dispatcher.drain("c1", fence=stale)
