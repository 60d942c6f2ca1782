"""A machine on which `sceneburst doctor` finds nothing wrong."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from sceneburst.local.embedded_redis import EmbeddedRedis
from tests.conftest import S3
from tests.sceneburst.local.findings import Patch

_PLAN = '{"why": "nothing waits", "at_ms": 1, "usd_per_hour": 0}'


@pytest.fixture(scope="module")
def durable() -> Iterator[EmbeddedRedis]:
    """A redis-server with an append-only file."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder, EmbeddedRedis(Path(folder), is_durable=True) as started:
        yield started


@pytest.fixture
def client(durable: EmbeddedRedis) -> Iterator[redis.Redis]:
    """Whoever misconfigures that server; it is mended afterwards."""
    client = redis.Redis(unix_socket_path=str(durable.socket))
    yield client
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("appendonly", "yes")
    client.replicaof("NO", "ONE")
    client.close()


@pytest.fixture
def healthy(durable: EmbeddedRedis, client: redis.Redis, s3: S3, tmp_path: Path, monkeypatch: Patch) -> Path:
    """A machine on which all is well: process fleet, a Redis that keeps, a bucket, a dispatcher that acts."""
    for name in [name for name in os.environ if name.startswith("SCENEBURST_")]:
        monkeypatch.delenv(name)
    roots = tmp_path / "media"
    roots.mkdir()
    monkeypatch.setenv("SCENEBURST_REDIS_URL", durable.url)
    monkeypatch.setenv("SCENEBURST_INPUTS", f"{s3.uri}/inputs")
    monkeypatch.setenv("SCENEBURST_FILE_ROOTS", json.dumps([str(roots)]))
    client.set("{sceneburst}:plan", _PLAN)
    # It starts programs: one test looks at it for all.
    monkeypatch.setattr("sceneburst.local.checks.machine.isolation", lambda: iter(()))
    return tmp_path
