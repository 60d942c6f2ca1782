"""`sceneburst doctor`: nothing is wrong with what is healthy, and every planted misconfiguration is found with its mend."""

import json
import socket
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import redis

from sceneburst.exit_codes import Exit
from sceneburst.local.checks import server
from sceneburst.local.checks.buckets import bucket
from sceneburst.local.checks.finding import Check
from sceneburst.local.doctor import examine
from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.errors import StorageUnavailable
from scenequeue.queue import SceneQueue
from scenequeue.settings import ProducerSettings
from scenequeue.storages.s3 import S3Storage
from tests.conftest import S3
from tests.sceneburst.conftest import Console
from tests.sceneburst.local.findings import Patch, assert_found, bad
from tests.support.s3_denials import deny, deny_listing


def test_isolation_is_told_and_never_has_to_be_mended(monkeypatch: Patch) -> None:
    """As a worker probes it at its start."""
    (found,) = [check for check in examine() if check.what == "isolation"]
    assert found.said
    assert not found.is_needed


def test_nothing_is_wrong_with_what_is_healthy(healthy: Path, s3: S3) -> None:
    """And nothing is left in the bucket."""
    assert bad(examine([f"{s3.uri}/videos", s3.uri])) == []
    assert boto3.client("s3").list_objects_v2(Bucket=s3.bucket)["KeyCount"] == 0


def test_a_healthy_machine_is_exit_0(healthy: Path, console: Console, durable: EmbeddedRedis, monkeypatch: Patch) -> None:
    """With a table for people, and JSON for programs."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", durable.url)
    monkeypatch.delenv("SCENEBURST_NAMESPACE")
    assert console("doctor").code == 0
    told = json.loads(console("doctor", "--json").out)
    keys = {"what", "is_good", "is_needed", "said", "mend", "code", "parameters"}
    assert all(set(check) == keys and check["is_good"] for check in told)


def test_doctor_looks_at_the_redis_and_the_namespace_that_its_options_name(
    healthy: Path, console: Console, durable: EmbeddedRedis, client: redis.Redis, monkeypatch: Patch
) -> None:
    """Whatever the environment says; what is wrong with them is called by the options."""
    monkeypatch.setenv("SCENEBURST_REDIS_URL", "redis://127.0.0.1:1/0")
    assert_found(examine(), "redis", "is SCENEBURST_REDIS_URL right?", "correct SCENEBURST_REDIS_URL and")
    monkeypatch.delenv("SCENEBURST_REDIS_URL")
    assert bad(examine(redis_url=durable.url, namespace="sceneburst")) == []
    # No dispatcher acts on that one.
    checks = examine(redis_url=durable.url, namespace="films")
    assert [check.is_good for check in checks if check.what == "dispatcher"] == [False]
    assert_found(examine(redis_url="redis://127.0.0.1:1/0"), "redis", "is --redis-url right?", "correct --redis-url and")
    assert_found(examine(redis_url="redis//"), "redis", "--redis-url: ", "correct --redis-url")
    assert console("doctor", "--namespace", "a b").code == Exit.USAGE
    assert console("doctor", "--redis-url", durable.url, "--json").code == 0


#: Variables -> what is named, a part of what is said, and of what to do.
_PLANTED: dict[str, tuple[dict[str, str], str, str, str]] = {
    "a misspelt name": ({"SCENEBURST_REDIS_ULR": "x"}, "SCENEBURST_REDIS_ULR", "no program reads", "SCENEBURST_REDIS_URL?"),
    "a misspelt prefix": ({"SCENBURST_FLEET": "x"}, "SCENBURST_FLEET", "no program reads", "SCENEBURST_FLEET?"),
    "a name of no kind": ({"SCENEBURST_ZZZ": "x"}, "SCENEBURST_ZZZ", "no program reads", "docs/settings.md"),
    "no number": ({"SCENEBURST_SLOTS": "many"}, "SCENEBURST_SLOTS", "must be a whole number", "correct it: items worked"),
    "no such fleet": ({"SCENEBURST_FLEET": "fargat"}, "SCENEBURST_FLEET", "'fargate'", "correct it"),
    "no list": ({"SCENEBURST_FILE_ROOTS": "/media"}, "SCENEBURST_FILE_ROOTS", "list", "correct it"),
    "a root that is not there": ({"SCENEBURST_FILE_ROOTS": '["/nowhere"]'}, "SCENEBURST_FILE_ROOTS", "is no folder", "mount"),
    "no place for health": ({"SCENEBURST_ALIVE_FILE": "/nowhere/alive"}, "SCENEBURST_ALIVE_FILE", "/nowhere", "make its folder"),
    "no scratch space": ({"SCENEBURST_SCRATCH_DIR": "/proc/1/scratch"}, "scratch space", "cannot be written", "SCRATCH_DIR"),
    "no such ffmpeg": ({"SCENEBURST_FFMPEG": "/nowhere/ffmpeg"}, "ffmpeg", "/nowhere/ffmpeg", "SCENEBURST_FFMPEG"),
    "no redis there": ({"SCENEBURST_REDIS_URL": "redis://127.0.0.1:1/0"}, "redis", "does not answer", "SCENEBURST_REDIS_URL"),
    "no database": ({"SCENEBURST_REDIS_URL": "redis://127.0.0.1/q"}, "redis", "path must be the number", "SCENEBURST_REDIS_URL"),
    "no redis at all": ({"SCENEBURST_REDIS_URL": "http://127.0.0.1"}, "redis", "scheme is unknown", "SCENEBURST_REDIS_URL"),
    "no such bucket": ({"SCENEBURST_INPUTS": "s3://no-such-bucket/in"}, "s3://no-such-bucket/in", "no such bucket", "make it"),
    "no bucket": ({"SCENEBURST_INPUTS": "bucket/in"}, "bucket/in", "no address", "s3://bucket/prefix"),
    "no S3 there": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "s3://", "127.0.0.1:1", "AWS_ENDPOINT_URL"),
    "no engine": (
        {"SCENEBURST_FLEET": "docker", "SCENEBURST_DOCKER_IMAGE": "films", "SCENEBURST_DOCKER_SOCKET": "/nowhere.sock"},
        "container engine", "no container engine answers at /nowhere.sock", "SCENEBURST_DOCKER_SOCKET",
    ),
    "no image named": ({"SCENEBURST_FLEET": "docker"}, "SCENEBURST_DOCKER_IMAGE", "is not set", "set it"),
    "an ulimit without a number": (
        {"SCENEBURST_FLEET": "docker", "SCENEBURST_DOCKER_IMAGE": "films", "SCENEBURST_DOCKER_ULIMITS": '["nofile"]'},
        "SCENEBURST_DOCKER_ULIMITS", "is not name=soft:hard", "correct it",
    ),
    "a policy without its budget": ({"SCENEBURST_POLICY": "budget"}, "SCENEBURST_BUDGET_USD_PER_HOUR", "needs it", "correct it"),
    "no port for metrics": (
        {"SCENEBURST_METRICS_ADDRESS": "9100x"}, "SCENEBURST_METRICS_ADDRESS", "is not host:port", "correct it",
    ),
    "no such address": (
        {"SCENEBURST_METRICS_ADDRESS": "192.0.2.1:9100"},
        *("SCENEBURST_METRICS_ADDRESS", "cannot listen at '192.0.2.1:9100'", "correct it"),
    ),
    "no broker": ({"SCENEBURST_BROKER_URL": "redis//x"}, "SCENEBURST_BROKER_URL", "not an address", "correct it"),
    "no place for records": ({"SCENEBURST_STATE_DIR": "/proc/1/fleet"}, "SCENEBURST_STATE_DIR", "cannot be made", "correct it"),
    "a port of the page": ({"SCENEBURST_PAGE_PORT": "eighty"}, "SCENEBURST_PAGE_PORT", "must be a whole number", "correct it"),
    "an API for anybody": (
        {"SCENEBURST_API_OPEN": "true", "SCENEBURST_API_HOST": "0.0.0.0"},
        *("SCENEBURST_API_OPEN", "only on a loopback", "correct it"),
    ),
    "no cluster named": ({"SCENEBURST_FLEET": "fargate"}, "SCENEBURST_ECS_CLUSTER", "is not set", "set it"),
}  # fmt: skip


@pytest.mark.parametrize("name", _PLANTED)
def test_a_planted_mistake_is_found_with_its_mend(healthy: Path, monkeypatch: Patch, name: str) -> None:
    """By the variable's own name, and with nothing wrong beside it that is not."""
    variables, what, said, mend = _PLANTED[name]
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    # One try each, where nobody answers.
    monkeypatch.setattr("scenequeue.storages.s3._CONFIG", _impatient())
    assert_found(examine(), what, said, mend)


def test_a_malformed_setting_hides_nothing_behind_the_others(healthy: Path, client: redis.Redis, monkeypatch: Patch) -> None:
    """Redis, the roots and the bucket are looked at all the same, and so is what the dispatcher refuses."""
    for name in ("LEASE_S", "UPLOAD_THREADS", "MAX_CONTAINERS"):
        monkeypatch.setenv(f"SCENEBURST_{name}", "many")
    monkeypatch.setenv("SCENEBURST_POLICY", "budget")
    client.config_set("maxmemory-policy", "allkeys-lru")
    checks = examine()
    for name in ("LEASE_S", "UPLOAD_THREADS", "MAX_CONTAINERS"):
        assert_found(checks, f"SCENEBURST_{name}", "must be a", "correct it")
    assert_found(checks, "SCENEBURST_BUDGET_USD_PER_HOUR", "needs it", "correct it")
    assert_found(checks, "redis eviction", "allkeys-lru", "noeviction")
    assert any(check.what == "SCENEBURST_FILE_ROOTS" and check.is_good for check in checks)
    assert any(check.what.startswith("s3://") and check.is_good for check in checks)


def test_a_metrics_address_that_is_taken_may_be_the_dispatchers_own(healthy: Path, monkeypatch: Patch) -> None:
    """One that runs already listens there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("SCENEBURST_METRICS_ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")
        assert bad(examine()) == []


def _impatient() -> Any:
    from botocore.config import Config

    return Config(retries={"total_max_attempts": 1}, connect_timeout=1)


def test_twelve_at_once_are_all_found(
    healthy: Path, console: Console, client: redis.Redis, durable: EmbeddedRedis, monkeypatch: Patch
) -> None:
    """And the exit code says that there are some."""
    planted = [
        "a misspelt name", "a misspelt prefix", "a name of no kind", "no number", "a root that is not there",
        "no place for health", "no scratch space", "no such ffmpeg", "no such bucket",
    ]  # fmt: skip
    for name in planted:
        for variable, value in _PLANTED[name][0].items():
            monkeypatch.setenv(variable, value)
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("appendonly", "no")
    client.replicaof("127.0.0.1", 1)
    monkeypatch.setenv("SCENEBURST_REDIS_URL", durable.url)
    monkeypatch.delenv("SCENEBURST_NAMESPACE")
    ended = console("doctor", "--json")
    assert ended.code == Exit.UNAVAILABLE
    checks = [Check(**check) for check in json.loads(ended.out)]
    for name in planted:
        assert_found(checks, *_PLANTED[name][1:])
    assert_found(checks, "redis eviction", "allkeys-lru", "noeviction")
    assert_found(checks, "redis persistence", "no append-only file", "appendonly yes")
    assert_found(checks, "redis replica", "is a replica", "primary")


def test_an_old_server_and_a_clock_that_is_off_are_found(healthy: Path, monkeypatch: Patch) -> None:
    """The version by INFO, the clock against that of Redis."""
    real = SceneQueue(ProducerSettings.load()).inspect.server()
    monkeypatch.setattr("scenequeue.ports.inspector.QueueInspector.server", lambda _: {**real, "redis_version": "5.0.7"})
    assert_found(list(server.server(ProducerSettings.load())), "redis version", "5.0.7", "upgrade")
    assert_found(list(server.server(ProducerSettings.load(), clock=lambda: 1e9)), "clock", "this machine's clock", "NTP")


def test_a_wrong_password_is_found(healthy: Path, client: redis.Redis, monkeypatch: Patch, durable: EmbeddedRedis) -> None:
    """It is not printed."""
    client.acl_setuser("doctor", enabled=True, passwords=["+right"], commands=["+ping"], keys=["*"])
    try:
        monkeypatch.setenv("SCENEBURST_REDIS_URL", durable.url.replace("unix://", "unix://doctor:wr0ng@"))
        checks = examine()
        assert_found(checks, "redis", "", "SCENEBURST_REDIS_PASSWORD")
        assert "wr0ng" not in str(checks)
    finally:
        client.acl_deluser("doctor")


def test_credentials_that_are_needed_and_missing_are_found(healthy: Path, monkeypatch: Patch) -> None:
    """For a bucket; for files alone they are not needed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert_found(examine(), "AWS credentials", "none", "use a role")
    monkeypatch.delenv("SCENEBURST_INPUTS")
    assert_found(examine(), "AWS credentials", "none", "use a role", is_needed=False)


@pytest.mark.parametrize(
    ("operation", "said", "mend", "is_needed"),
    [
        ("PutObject", "cannot be written", "s3:PutObject", True),
        ("GetObject", "cannot be read", "s3:GetObject", True),
        ("ListObjectsV2", "may not be listed", "s3:ListBucket", False),
        ("DeleteObject", "may not be removed", "s3:DeleteObject", False),
    ],
)
def test_a_permission_that_a_bucket_lacks_is_named(s3: S3, operation: str, said: str, mend: str, is_needed: bool) -> None:
    """Each of write, read, list and remove."""
    storage = S3Storage()
    deny(storage._client, operation)
    assert_found(list(bucket(f"{s3.uri}/in", storage)), s3.uri, said, mend, is_needed=is_needed)


def test_a_bucket_that_fails_while_it_is_examined_keeps_no_object(s3: S3, monkeypatch: Patch) -> None:
    """The object is removed, also when it cannot be read for a passing reason."""

    def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable("S3 is away")

    storage = S3Storage()
    monkeypatch.setattr(storage, "get", fail)
    assert_found(list(bucket(s3.uri, storage)), s3.uri, "S3 is away", "check credentials")
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=s3.bucket)


def test_a_bucket_that_may_not_be_listed_works_and_is_told(s3: S3) -> None:
    """The one thing it lacks, and what that means for scenes and for transcodings."""
    storage = S3Storage()
    deny_listing(storage._client, s3.bucket)
    (found,) = bad(list(bucket(s3.uri, storage)))
    assert found.mend == "allow s3:ListBucket on the bucket"
    assert "of a missing input that it is refused, and working files of transcodings stay" in found.said


def test_an_image_that_the_engine_lacks_is_found(healthy: Path, monkeypatch: Patch) -> None:
    """With one that it has, nothing is wrong."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if "films:1" in request.url.path else 404, json={"message": "No such image"})

    monkeypatch.setattr("httpx.HTTPTransport", lambda **_: httpx.MockTransport(answer))
    monkeypatch.setenv("SCENEBURST_FLEET", "docker")
    monkeypatch.setenv("SCENEBURST_DOCKER_IMAGE", "films:1")
    assert bad(examine()) == []
    monkeypatch.setenv("SCENEBURST_DOCKER_IMAGE", "films:2")
    assert_found(examine(), "image", "no image 'films:2'", "docker pull films:2")
