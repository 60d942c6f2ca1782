"""The keys of the settings and of the queue, as requests are checked by them."""

import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import anyio
import structlog
from anyio import to_thread

from sceneburst.access.codes import Code
from sceneburst.access.roles import Caller, Role
from sceneburst.access.secrets import hash_of
from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.ports.access.keys import AccessKey
from scenequeue.reasons import Reason

#: Seconds for which the queue's keys are used before they are read again; a revoked key is refused after twice that at most.
_KEPT_S = 1.0
#: Longest wait of a request for the queue's keys: with keys that were read before, and without.
_WAIT_S, _FIRST_WAIT_S = 0.5, 3.0
#: Seconds for which the last known keys are used while Redis does not answer.
_OUTAGE_S = 60.0
#: Reads that hang at once; further ones are not begun.
_READS = 2


class KnownKey(NamedTuple):
    """A key by its hash, and its owner."""

    sha256: str
    caller: Caller


class KeyRing:
    """Finds the owner of a key. One event loop's; the queue is read at most once a second, for all requests.

    Args:
        hashes: of the keys in the settings, by name; their role is operate.
        read: reads the queue's keys; blocks.
        clock: monotonic seconds.
    """

    def __init__(
        self, hashes: Mapping[str, str], read: Callable[[], Sequence[AccessKey]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._of_settings = [KnownKey(sha256, Caller(name, Role.OPERATE)) for name, sha256 in hashes.items()]
        self._read, self._clock = read, clock
        self._of_queue: list[KnownKey] = []
        #: When the last read began, and the last one that was answered.
        self._tried_at = self._read_at = -float("inf")
        self._problem: Reason | None = None
        self._is_forbidden = False
        self._lock = anyio.Lock()
        self._reads = anyio.CapacityLimiter(_READS)

    async def find(self, key: str) -> KnownKey | None:
        """Return a key and its owner; None if it is not known. Raises as `find_hash`."""
        return await self.find_hash(hash_of(key))

    async def find_hash(self, sha256: str) -> KnownKey | None:
        """Return a key and its owner by its hash; takes the same time for all keys of the settings, and for all of the queue.

        Raises:
            QueueUnavailable: it is no key of the settings, and those of the queue were last read a minute ago.
        """
        # A key of the settings needs no Redis.
        return _find(self._of_settings, sha256) or _find(await self._current(), sha256)

    async def _current(self) -> Sequence[KnownKey]:
        if self._clock() - self._tried_at >= _KEPT_S:
            async with self._lock:
                # Another request may have read them meanwhile.
                if self._clock() - self._tried_at >= _KEPT_S:
                    await self._refresh()
        if self._problem is not None and self._clock() - self._read_at >= _OUTAGE_S:
            raise QueueUnavailable(self._problem)
        return self._of_queue

    async def _refresh(self) -> None:
        began = self._clock()
        limit_s = _WAIT_S if self._read_at > -float("inf") else _FIRST_WAIT_S
        self._problem = Reason(Code.KEYS_UNREAD, {"limit_s": limit_s})
        try:
            with anyio.move_on_after(limit_s):
                found = await to_thread.run_sync(self._read, limiter=self._reads, abandon_on_cancel=True)
                self._of_queue = [KnownKey(each.sha256, Caller(each.name, Role.of(each.role))) for each in found]
                self._read_at, self._problem, self._is_forbidden = began, None, False
        except QueueUnavailable as error:
            self._problem = error.reason
        except SettingsError as error:
            # A Redis user with the rules of an older version.
            self._of_queue, self._problem = [], None
            if not self._is_forbidden:
                structlog.get_logger().error("keys of callers cannot be read", error=error)
            self._is_forbidden = True
        finally:
            self._tried_at = began


def _find(keys: Sequence[KnownKey], sha256: str) -> KnownKey | None:
    """Return the key with this hash, after comparing all."""
    found = None
    for key in keys:
        if hmac.compare_digest(sha256, key.sha256):
            found = key
    return found
