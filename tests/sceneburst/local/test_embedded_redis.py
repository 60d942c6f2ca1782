"""The redis-server of a local run leaves nothing behind."""

import contextlib

import psutil
import pytest
import redis

from sceneburst.local.embedded_redis import EmbeddedRedis
from tests.support.waiting import wait_until


@pytest.mark.parametrize("end", [EmbeddedRedis.kill, EmbeddedRedis.stop])
def test_a_server_that_ends_writes_no_further_file(durable: EmbeddedRedis, client: redis.Redis, end: object) -> None:
    """Its child, which writes a snapshot, ends with it."""
    client.set("a", "b")
    # Microseconds per key.
    client.config_set("rdb-key-save-delay", 600_000_000)
    client.bgsave()
    child = psutil.Process(durable.pid).children()[0]
    assert callable(end)
    end(durable)
    wait_until(lambda: _has_ended(child), "the child has ended")
    durable.start()


def _has_ended(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True
