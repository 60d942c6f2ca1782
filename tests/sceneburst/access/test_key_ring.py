"""The keys by which requests are checked: read seldom, and through an outage of Redis for a limited time."""

import anyio
import pytest

from sceneburst.access.key_ring import KeyRing
from sceneburst.access.roles import Caller, Role
from sceneburst.access.secrets import hash_of
from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.ports.access.keys import AccessKey
from scenequeue.reasons import Code


class _Clock:
    """Stands still until it is put forward."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class _Queue:
    """Keys as the queue answers them, or does not."""

    def __init__(self) -> None:
        self.keys = [AccessKey("ann", hash_of("a"), "administer", "x", 1)]
        self.error: Exception | None = None
        self.reads = 0

    def read(self) -> list[AccessKey]:
        self.reads += 1
        if self.error:
            raise self.error
        return self.keys


def _owner(ring: KeyRing, key: str) -> Caller | None:
    found = anyio.run(ring.find, key)
    return found.caller if found else None


def test_the_queue_is_read_once_a_second_for_all_requests() -> None:
    """A revoked key, and a role that was changed, hold from the next read on; keys of the settings need no read."""
    clock, queue = _Clock(), _Queue()
    ring = KeyRing({"shop": hash_of("s")}, queue.read, clock)
    assert _owner(ring, "s") == Caller("shop", Role.OPERATE)
    assert queue.reads == 0
    assert [_owner(ring, key) for key in ("a", "b", "a", hash_of("a"), "")] == [Caller("ann", Role.ADMINISTER), None] * 2 + [None]
    assert queue.reads == 1
    queue.keys = [AccessKey("ann", hash_of("a"), "look", "x", 1)]
    clock.now += 1
    assert _owner(ring, "a") == Caller("ann", Role.LOOK)
    queue.keys = []
    clock.now += 1
    assert _owner(ring, "a") is None
    assert queue.reads == 3


def test_the_last_known_keys_hold_for_a_minute_without_redis() -> None:
    """Then nobody can be told from a stranger, except by the settings."""
    clock, queue = _Clock(), _Queue()
    ring = KeyRing({"shop": hash_of("s")}, queue.read, clock)
    queue.error = QueueUnavailable(Code.REDIS_UNANSWERED)
    with pytest.raises(QueueUnavailable):
        _owner(ring, "a")
    queue.error = None
    clock.now += 1
    assert _owner(ring, "a")
    queue.error = QueueUnavailable(Code.REDIS_UNANSWERED)
    clock.now += 59
    assert _owner(ring, "a")
    clock.now += 1
    with pytest.raises(QueueUnavailable):
        _owner(ring, "a")
    assert _owner(ring, "s")
    queue.error = None
    clock.now += 1
    assert _owner(ring, "a")


def test_a_redis_user_that_may_not_read_keys_leaves_those_of_the_settings() -> None:
    """With the rules of an older version."""
    clock, queue = _Clock(), _Queue()
    queue.error = SettingsError(Code.REDIS_FORBIDS)
    ring = KeyRing({"shop": hash_of("s")}, queue.read, clock)
    assert (_owner(ring, "a"), _owner(ring, "s")) == (None, Caller("shop", Role.OPERATE))
