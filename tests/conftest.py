"""Fixtures shared by all tests: a real Redis, a real S3 API over HTTP, small media, and a check for leaks."""

import functools
import itertools
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import redis
import structlog
from botocore.loaders import JSONFileLoader

from sceneburst.local.embedded_redis import EmbeddedRedis
from sceneburst.words import use_words
from scenequeue import redaction
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.keys import Keys
from tests.support.aws import moto_server, use_aws
from tests.support.media import Media

# pytest's worker processes set it; what goes to a pipe would be broken between words.
os.environ.pop("COLUMNS", None)

_numbers = itertools.count()

#: Keys that stay without a TTL: fixed in number, or emptied with the work.
_FIXED = {
    *("counts", "control", "fence", "rates", "jobs", "expiring", "containers", "leases", "delayed", "dead", "notices"),
    *("wished", "limits", "settings", "needs", "lane", "since", "bell", "access"),
}


# As the command line does, and `import sceneburst`.
use_words()

# AWS's description of a service is a megabyte of JSON, which every session of boto3 reads anew.
_read = functools.cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda _loader, path: _read(path)  # type: ignore[method-assign,assignment]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is slow first: begun last, it would keep one process busy while the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Logs as they are before any program has set them up: one that a test runs in its own process does."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.getLogger().setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def own_secrets() -> Iterator[None]:
    """Secrets that a test makes known are words like others to the next one."""
    # Not by monkeypatch, which would then undo a test's changes only after its other fixtures have ended.
    known = redaction._known, redaction._known_pattern
    yield
    redaction._known, redaction._known_pattern = known


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """One redis-server for all tests of this process."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder, EmbeddedRedis(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: EmbeddedRedis) -> str:
    """Address of the Redis server for tests."""
    return redis_server.url


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test uses."""
    return f"test{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def queue(redis_url: str, namespace: str) -> Iterator[SceneQueue]:
    """An empty queue on the real server; afterwards, nothing that an ended job left may lack a TTL."""
    queue = SceneQueue(SceneburstSettings.load(redis_url=redis_url, namespace=namespace))
    yield queue
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert_nothing_leaks(client, namespace)
    queue.close()


def assert_nothing_leaks(client: redis.Redis, namespace: str) -> None:
    """Every key is fixed, expires, or belongs to a job that is still active."""
    keys = Keys(namespace)
    for key in client.scan_iter(match=keys.prefix.replace("{", "\\{") + "*", count=1000):
        structure, name = keys.split(key)
        kind, _, rest = name.partition(":")
        if kind in _FIXED or client.ttl(key) != -1:
            continue
        job_id = rest.split("/")[0].split(":")[0]
        is_active = kind in {"job", "item"} and client.hget(Keys(namespace, structure).job(job_id), "state") == "active"
        is_held = kind in {"held", "item"}
        assert is_active or is_held, f"{key} is left behind without a TTL"


@dataclass(frozen=True)
class S3:
    """A bucket on moto's server."""

    endpoint_url: str
    bucket: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 API over HTTP."""
    with moto_server() as url:
        yield url


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An empty bucket, and AWS's own variables set to reach it."""
    use_aws(monkeypatch, s3_server)
    bucket = f"bucket-{os.getpid()}-{next(_numbers)}"
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=bucket)
    return S3(s3_server, bucket)


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A maker of small pictures, sounds and subtitles."""
    folder = tmp_path / "media"
    folder.mkdir()
    return Media(folder)
