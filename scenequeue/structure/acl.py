"""Permissions of each program's Redis user: one rule set per role, for Redis 6.2 and later.

The rules keep a program to its part of the contract: the step that submits is refused to a worker's user, those that lease
and ack to a producer's, those that decide over the queue and its dead letters to all but an operator's, and none reaches
beyond its namespace or may configure the server. They are not a wall between two hostile roles of one namespace: whoever may
write a job's keys can damage that job, or make one up, with commands of his own.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from scenequeue.structure.keys import STRUCTURES, Keys

Role = Literal["producer", "worker", "dispatcher", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Keys that every step touches, by their names; "" is the prefix itself, which scripts get as a key.
_SHARED_KEYS = (
    *("", "lane:*", "since:*", "needs", "bell:*", "counts", "control", "job:*", "item:*", "journal:*"),
    *("delayed", "dead", "dead:*", "jobs", "jobs:*", "expiring", "notices", "wished"),
)
_CONTAINER_KEYS = ("containers", "container:*")
_LEASE_KEYS = ("leases", "held:*", "drain:*", "rates", "growth:*")
_KEYS: dict[Role, tuple[str, ...]] = {
    # Without drain:* a lease is refused before it changes anything, without leases and held:* every other end of one.
    # It reads the plan, which names the files that the fleet can reach; cancelling a job writes to the audit log.
    "producer": (*_SHARED_KEYS, *_CONTAINER_KEYS, "staging:*", "plan", "audit"),
    # Without staging:* nothing can be submitted. It reads the plan, which names the files that containers are promised.
    "worker": (*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS, "plan"),
    "dispatcher": (*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS, "dispatcher", "fence", "plan", "limits", "rollup:*"),
    # Alone with both audit and limits.
    "operator": (*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS, "plan", "audit", "limits", "rollup:*"),
}

#: Commands of the shared part of all scripts, of making a connection, of finding a cluster's node, and of judging the server.
_SHARED_COMMANDS = (
    *("ping", "evalsha", "script|load", "time", "multi", "exec", "get", "info", "cluster|slots", "command"),
    *("del", "exists", "expire", "persist", "rename", "unlink"),
    *("hdel", "hexists", "hget", "hgetall", "hincrby", "hkeys", "hlen", "hmget", "hset", "hvals"),
    *("llen", "lpush", "lrange", "rpush", "scard", "zcard"),
    *("sadd", "smembers", "srem", "zadd", "zrange", "zrangebyscore", "zrem", "zrevrange"),
    *("xadd", "xrange", "xread"),
)
_LEASE_COMMANDS = ("lpop", "set")
_COMMANDS: dict[Role, tuple[str, ...]] = {
    "producer": _SHARED_COMMANDS,
    "worker": (*_SHARED_COMMANDS, *_LEASE_COMMANDS, "blpop", "ltrim"),
    "dispatcher": (*_SHARED_COMMANDS, *_LEASE_COMMANDS, "incr", "pexpire", "pttl", "setex"),
    "operator": (*_SHARED_COMMANDS, *_LEASE_COMMANDS, "xrevrange", "zmscore", "zrangebylex", "zrevrangebyscore"),
}


def rules(role: Role, namespace: str, structures: Sequence[int] = STRUCTURES) -> list[str]:
    """The role's rules as `ACL SETUSER name on >password …` takes them, and an ElastiCache access string after `on`.

    Args:
        role: whose.
        namespace: the queue's; the rules hold for its keys alone.
        structures: those of the keys that the program serves, newest first.
    """
    keys = [Keys(namespace, number) for number in structures]
    names = (keys[0].prefix, *keys[0].older, *(each.of(name) for each in keys for name in _KEYS[role]))
    patterns = [f"~{name}" for name in dict.fromkeys(names)]
    commands = [f"+{command}" for command in sorted(set(_COMMANDS[role]))]
    return ["resetkeys", *patterns, "resetchannels", "-@all", *commands]
