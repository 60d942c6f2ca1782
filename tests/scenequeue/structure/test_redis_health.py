"""Problems of a Redis server, as its INFO shows them."""

from pathlib import Path
from typing import Any

import pytest

from sceneburst.local.embedded_redis import EmbeddedRedis
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.redis_health import describe_server, find_problems
from tests.scenequeue.conftest import SERVERS

_GOOD: dict[str, Any] = {
    "redis_version": "7.0.15", "role": "master", "maxmemory_policy": "noeviction", "maxmemory": 0, "used_memory": 10**9,
    "aof_enabled": 1, "aof_last_write_status": "ok", "rdb_last_bgsave_status": "ok", "connected_slaves": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "names", "words"),
    [
        ({}, [], ""),
        ({"redis_version": "6.2.0"}, [], ""),
        ({"redis_version": "10.0.1"}, [], ""),
        ({"redis_version": "7.2.4", "valkey_version": "8.0.1"}, [], ""),
        ({"redis_version": "6.0.16"}, ["version"], "6.0.16 is too old"),
        ({"redis_version": "5.0.7", "aof_enabled": 0}, ["version", "persistence"], "6.2 or newer"),
        ({"maxmemory_policy": "allkeys-lru"}, ["eviction"], "set maxmemory-policy noeviction"),
        ({"maxmemory_policy": "volatile-ttl"}, ["eviction"], "volatile-ttl"),
        ({"aof_enabled": 0}, ["persistence"], "a restart loses jobs; set appendonly yes"),
        ({"aof_enabled": 0, "connected_slaves": 1}, ["persistence"], "fail-over loses the last writes"),
        ({"role": "slave", "master_host": "db1", "master_port": 6379}, ["replica"], "a replica of db1:6379"),
        ({"aof_last_write_status": "err"}, ["disk"], "aof_last_write_status"),
        ({"rdb_last_bgsave_status": "err"}, ["disk"], "rdb_last_bgsave_status"),
        ({"maxmemory": 2**30, "used_memory": 2**30 - 1}, ["memory"], "1024 of 1024 MiB"),
        ({"maxmemory": 2**30, "used_memory": 2**29}, [], ""),
    ],
)
def test_each_problem_has_a_name_and_says_what_to_set(fields: dict[str, Any], names: list[str], words: str) -> None:
    """A server that suits production has none."""
    problems = find_problems({**_GOOD, **fields})
    assert [problem.name for problem in problems] == names
    assert words in "; ".join(problem.reason.text for problem in problems)


def test_fields_that_a_managed_server_hides_are_not_judged() -> None:
    """An absent field is no problem, nor one of another type."""
    assert find_problems({}) == []
    assert find_problems({"redis_version": "unknown", "maxmemory": "lots"}) == []


def test_a_server_is_described_in_one_line() -> None:
    """For `doctor` and logs."""
    assert describe_server(_GOOD).text == "Redis 7.0.15, append-only file on, policy noeviction"
    assert describe_server({}).text == "Redis of unknown version"
    assert describe_server({"redis_version": "7.2.4", "valkey_version": "8.0.1"}).text == "Valkey 8.0.1"


@pytest.mark.parametrize("binary", [binary for binary in SERVERS.values() if binary], ids=lambda path: Path(path).parent.name)
def test_a_real_server_is_read_and_judged(binary: str, tmp_path: Path) -> None:
    """A durable one has no problem; the same with another policy has one."""
    with EmbeddedRedis(tmp_path, is_durable=True, binary=Path(binary)) as server:
        queue = SceneQueue(SceneburstSettings.load(redis_url=server.url))
        assert find_problems(queue.inspect.server()) == []
        queue._connection.client.config_set("maxmemory-policy", "allkeys-lru")
        assert [problem.name for problem in find_problems(queue.inspect.server())] == ["eviction"]
        queue.close()
