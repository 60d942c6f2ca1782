"""The keys of those who use the page and the HTTP API: their hashes, with roles."""

import json
import re
from typing import Any, NamedTuple

from scenequeue.ports.steering.audit_log import act_words
from scenequeue.settings import KEY_NAME
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number

#: Roles of the page and the HTTP API, not of Redis users: each may do what the ones before it may.
KEY_ROLES = ("look", "operate", "administer")
#: Most keys that the queue holds; every reader reads all of them, once a second.
MAX_KEYS = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")


class AccessKey(NamedTuple):
    """A key: its hash, from which nobody can compute the key."""

    name: str
    sha256: str
    #: One of KEY_ROLES.
    role: str
    #: The operator who made it.
    by: str
    #: Redis clock.
    at_ms: int
    #: The reason that the operator gave; "" where none was given.
    why: str = ""


def read_keys(connection: Connection) -> list[AccessKey]:
    """Read all keys, by name; malformed ones are left out. Cost: one read."""
    try:
        known = json.loads(connection.answer("get", connection.keys.access) or "{}")
    except (ValueError, RecursionError):
        return []
    found = [_read(name, value) for name, value in known.items()] if isinstance(known, dict) else []
    return sorted(key for key in found if key is not None)


def _read(name: str, value: Any) -> AccessKey | None:
    if not isinstance(value, dict) or not KEY_NAME.fullmatch(name):
        return None
    sha256, role = value.get("sha256"), value.get("role")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or role not in KEY_ROLES:
        return None
    # Whoever may change it may write anything there.
    by, why = act_words(str(value.get("by", "?")), str(value.get("why", "")))
    return AccessKey(name, sha256, role, by, whole_number(value.get("at_ms")), why)


def change_key(connection: Connection, name: str, sha256: str, role: str, word: str, act: tuple[str, str]) -> int:
    """Make or revoke a key; arguments and answer as of the step `key`.

    Args:
        connection: to the queue.
        name: of the key.
        sha256: its hash; "" to revoke it.
        role: its role; "" to revoke it.
        word: see the step.
        act: see `act_words`.
    """
    return int(connection.run("key", *act, name, sha256, role, word, MAX_KEYS))
