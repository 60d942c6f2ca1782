"""Permissions of each program's Redis user: one rule set per role, for Redis 6.2 and later.

The rules limit a program to its own steps. A worker cannot submit; a producer cannot lease or ack; only an operator can pause the
queue or change dead letters; and nobody can use keys outside the namespace or configure the server. They do not protect one role
from another of the same namespace: a user who may write a job's keys can damage that job, or invent one, with plain commands.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from scenequeue.structure.keys import STRUCTURES, Keys

Role = Literal["producer", "worker", "dispatcher", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Keys that steps of every role use, by name; "" is the prefix itself, which scripts get as a key.
_SHARED_KEYS = (
    *("", "lane:*", "since:*", "needs", "bell:*", "counts", "control", "job:*", "item:*", "journal:*"),
    *("delayed", "dead", "dead:*", "jobs", "jobs:*", "expiring", "notices", "wished"),
)
_CONTAINER_KEYS = ("containers", "container:*")
_LEASE_KEYS = ("leases", "held:*", "drain:*", "rates", "growth:*")
_KEYS: dict[Role, tuple[str, ...]] = {
    # Without drain:*, lease.lua is refused before it changes anything; without leases and held:*, the steps that end a lease.
    # Producers read the plan, which says which files containers can reach, and log cancelled jobs in `audit`. The HTTP API reads
    # `access`: a string, and producers have no command that writes one.
    "producer": (*_SHARED_KEYS, *_CONTAINER_KEYS, "staging:*", "plan", "audit", "access"),
    # Without staging:*, submit.lua is refused. Workers read the plan, which says which files they should be able to reach.
    "worker": (*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS, "plan"),
    "dispatcher": (
        *(*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS),
        *("dispatcher", "fence", "plan", "decisions", "limits", "rollup:*", "settings"),
    ),
    # No other role has both audit and limits; require_operator() in lib/acts.lua tests that.
    # Operators read `dispatcher`, to tell whether one acts. The page is an operator.
    "operator": (
        *(*_SHARED_KEYS, *_CONTAINER_KEYS, *_LEASE_KEYS),
        *("dispatcher", "plan", "decisions", "audit", "limits", "rollup:*", "settings"),
        *("access", "session:*", "sign_in:*"),
    ),
}

#: Commands of all roles: of steps, of connecting, of finding a node of a cluster, and of checking the server.
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
    "dispatcher": (*_SHARED_COMMANDS, *_LEASE_COMMANDS, "incr", "pexpire", "pttl", "setex", "xrevrange"),
    "operator": (
        *(*_SHARED_COMMANDS, *_LEASE_COMMANDS),
        *("xdel", "xrevrange", "zcount", "zmscore", "zrangebylex", "zrevrangebyscore"),
    ),
}


def rules(role: Role, namespace: str, structures: Sequence[int] = STRUCTURES) -> list[str]:
    """Return the rules of a role, in the form of `ACL SETUSER name on >password …` and of ElastiCache's access strings.

    Args:
        role: the role.
        namespace: of the queue; the rules allow only its keys.
        structures: numbers of the structures of keys that the program serves, newest first.
    """
    keys = [Keys(namespace, number) for number in structures]
    names = (keys[0].prefix, *keys[0].older, *(each.of(name) for each in keys for name in _KEYS[role]))
    patterns = [f"~{name}" for name in dict.fromkeys(names)]
    commands = [f"+{command}" for command in sorted(set(_COMMANDS[role]))]
    return ["resetkeys", *patterns, "resetchannels", "-@all", *commands]
