"""Finds problems of a Redis server, by which work is lost or refused, in its INFO."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from scenequeue.errors import several
from scenequeue.reasons import Code, Reason

#: The first version with BLMOVE and our ACL rules; Valkey reports a later redis_version.
_MIN_VERSION = (6, 2)


class Problem(NamedTuple):
    """One problem of a server, and its remedy."""

    #: A short name that alarms can match: version, eviction, persistence, replica, disk, memory.
    name: str
    #: The problem and its effect.
    finding: Reason
    #: The remedy.
    remedy: Reason

    @property
    def reason(self) -> Reason:
        """Return both as one reason."""
        return several([self.finding, self.remedy])


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


def describe_server(info: Mapping[str, Any]) -> Reason:
    """Describe the server, as in "Redis 7.0.15, append-only file on, policy noeviction"."""
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version")
    facts = [Reason(Code.REDIS_VERSION, {"name": name, "version": str(version)})]
    if not version:
        facts = [Reason(Code.REDIS_VERSION_UNKNOWN, {"name": name})]
    if "aof_enabled" in info:
        facts.append(Reason(Code.REDIS_FILE_ON if _number(info, "aof_enabled") else Code.REDIS_FILE_OFF))
    if policy := info.get("maxmemory_policy"):
        facts.append(Reason(Code.REDIS_POLICY, {"policy": str(policy)}))
    return Reason(Code.REDIS_SERVER, {"facts": tuple(facts)})


def _version(info: Mapping[str, Any]) -> Problem | None:
    version = str(info.get("redis_version", ""))
    parts = re.match(r"(\d+)\.(\d+)", version)
    if parts is None or (int(parts[1]), int(parts[2])) >= _MIN_VERSION:
        return None
    return Problem("version", Reason(Code.REDIS_TOO_OLD, {"version": version}), Reason(Code.REDIS_TO_UPGRADE))


def _replica(info: Mapping[str, Any]) -> Problem | None:
    if info.get("role", "master") == "master":
        return None
    primary = f"{info.get('master_host', '?')}:{info.get('master_port', '?')}"
    return Problem("replica", Reason(Code.REDIS_REPLICA, {"primary": primary}), Reason(Code.REDIS_TO_ADDRESS_PRIMARY))


def _eviction(info: Mapping[str, Any]) -> Problem | None:
    policy = info.get("maxmemory_policy")
    if policy in (None, "noeviction"):
        return None
    return Problem("eviction", Reason(Code.REDIS_EVICTS, {"policy": str(policy)}), Reason(Code.REDIS_TO_KEEP_KEYS))


def _persistence(info: Mapping[str, Any]) -> Problem | None:
    if "aof_enabled" not in info or _number(info, "aof_enabled"):
        return None
    loss = Code.REDIS_LOSES_LAST_WRITES if _number(info, "connected_slaves") else Code.REDIS_LOSES_JOBS
    return Problem("persistence", Reason(loss), Reason(Code.REDIS_TO_PERSIST))


def _disk(info: Mapping[str, Any]) -> Problem | None:
    failing = [what for what in ("aof_last_write_status", "rdb_last_bgsave_status") if info.get(what, "ok") != "ok"]
    if not failing:
        return None
    return Problem("disk", Reason(Code.REDIS_DISK_FAILS, {"fields": ", ".join(failing)}), Reason(Code.REDIS_TO_FREE_DISK))


def _memory(info: Mapping[str, Any]) -> Problem | None:
    limit, used = _number(info, "maxmemory"), _number(info, "used_memory")
    if not limit or used < 0.9 * limit:
        return None
    finding = Reason(Code.REDIS_NEARLY_FULL, {"used_mib": used / 2**20, "limit_mib": limit / 2**20})
    return Problem("memory", finding, Reason(Code.REDIS_TO_GROW))


def _number(info: Mapping[str, Any], field: str) -> float:
    value = info.get(field, 0)
    return float(value) if isinstance(value, (int, float)) else 0.0
