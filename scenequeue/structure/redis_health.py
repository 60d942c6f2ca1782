"""Finds problems of a Redis server, by which work is lost or refused, in its INFO."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

#: The first version with BLMOVE and our ACL rules; Valkey reports a later redis_version.
_MIN_VERSION = (6, 2)


class Problem(NamedTuple):
    """One problem of a server, and its remedy."""

    #: A short name that alarms can match: version, eviction, persistence, replica, disk, memory.
    name: str
    #: The problem and its effect.
    finding: str
    #: The remedy.
    remedy: str

    @property
    def text(self) -> str:
        """Return both in one line."""
        return f"{self.finding}; {self.remedy}"


def find_problems(info: Mapping[str, Any]) -> list[Problem]:
    """Find the problems of a server.

    Args:
        info: the fields of INFO, all sections in one, as redis-py reads them. Absent fields are skipped, as managed servers
            hide some.

    Returns:
        Problems, the worst first; none for a server that suits production.
    """
    found = [_version(info), _replica(info), _eviction(info), _persistence(info), _disk(info), _memory(info)]
    return [problem for problem in found if problem is not None]


def describe_server(info: Mapping[str, Any]) -> str:
    """Describe the server, as in "Redis 7.0.15, append-only file on, policy noeviction"."""
    name = "Valkey" if "valkey_version" in info else "Redis"
    words = [f"{name} {info.get('valkey_version') or info.get('redis_version') or 'of unknown version'}"]
    if "aof_enabled" in info:
        words.append(f"append-only file {'on' if _number(info, 'aof_enabled') else 'off'}")
    if policy := info.get("maxmemory_policy"):
        words.append(f"policy {policy}")
    return ", ".join(words)


def _version(info: Mapping[str, Any]) -> Problem | None:
    version = str(info.get("redis_version", ""))
    parts = re.match(r"(\d+)\.(\d+)", version)
    if parts is None or (int(parts[1]), int(parts[2])) >= _MIN_VERSION:
        return None
    return Problem("version", f"Redis {version} is too old: Sceneburst needs Redis 6.2 or newer, or Valkey", "upgrade the server")


def _replica(info: Mapping[str, Any]) -> Problem | None:
    if info.get("role", "master") == "master":
        return None
    primary = f"{info.get('master_host', '?')}:{info.get('master_port', '?')}"
    return Problem(
        "replica",
        f"this server is a replica of {primary} and refuses writes",
        "point SCENEBURST_REDIS_URL at the primary, or use redis+sentinel:// or redis+cluster://",
    )


def _eviction(info: Mapping[str, Any]) -> Problem | None:
    policy = info.get("maxmemory_policy")
    if policy in (None, "noeviction"):
        return None
    return Problem(
        "eviction",
        f"eviction policy {policy}: Redis deletes jobs and leases when its memory is full",
        "set maxmemory-policy noeviction",
    )


def _persistence(info: Mapping[str, Any]) -> Problem | None:
    if "aof_enabled" not in info or _number(info, "aof_enabled"):
        return None
    copies = _number(info, "connected_slaves")
    loss = "a fail-over loses the last writes, and a restart of all nodes every job" if copies else "a restart loses jobs"
    return Problem("persistence", f"no append-only file: {loss}", "set appendonly yes (appendfsync everysec)")


def _disk(info: Mapping[str, Any]) -> Problem | None:
    failing = [what for what in ("aof_last_write_status", "rdb_last_bgsave_status") if info.get(what, "ok") != "ok"]
    if not failing:
        return None
    return Problem("disk", f"Redis could not write to its disk ({', '.join(failing)}: err) and refuses writes", "free its disk")


def _memory(info: Mapping[str, Any]) -> Problem | None:
    limit, used = _number(info, "maxmemory"), _number(info, "used_memory")
    if not limit or used < 0.9 * limit:
        return None
    finding = f"{used / 2**20:.0f} of {limit / 2**20:.0f} MiB are used: new jobs are refused when it is full"
    return Problem("memory", finding, "raise maxmemory")


def _number(info: Mapping[str, Any], field: str) -> float:
    value = info.get(field, 0)
    return float(value) if isinstance(value, (int, float)) else 0.0
