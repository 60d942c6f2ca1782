"""The items that a container holds leases of, and how far each has come."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from container_worker.sandbox.child import Stopped
from scenequeue.jobs.ids import LeaseToken
from scenequeue.jobs.item import Lease

#: Seconds of video left to make at a slot when the item after is fetched. Any earlier, and it would wait behind a long scene
#: for what another container could have begun.
AHEAD_VIDEO_S = 10.0


class Phase(Enum):
    """The phases of an item inside the container."""

    PREPARING = auto()  #: its inputs are fetched, its child gets ready, or it waits for a slot
    WORKING = auto()  #: it has a slot
    DELIVERING = auto()  #: its output is uploaded, its result handed in


@dataclass
class HeldItem:
    """One leased item; shared by its own thread, the heartbeat and the loop."""

    lease: Lease
    phase: Phase = Phase.PREPARING
    progress: float = 0.0
    #: Set to end its work at once.
    stop: threading.Event = field(default_factory=threading.Event)
    #: Another container has it now, or its job was cancelled: its result is worth nothing.
    is_lost: bool = False

    @property
    def key(self) -> str:
        return f"{self.lease.job_id}/{self.lease.item_id}"

    def lose(self) -> None:
        """Its end is not ours to report any more; end its work at once."""
        self.is_lost = True
        self.stop.set()


class HeldItems:
    """All held items of a container, and its slots. Thread-safe.

    Args:
        slots: how many items may work at once.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # By token: a container may lease an item again while it still works for a lease of it that has expired.
        self._items: dict[LeaseToken, HeldItem] = {}
        self._working = 0
        self._waiting: deque[LeaseToken] = deque()
        self._changes = 0
        self._idle_since = time.monotonic()
        self._changed = threading.Condition()

    def add(self, item: HeldItem) -> None:
        """The container has leased it."""
        with self._changed:
            self._items[item.lease.token] = item
            self._note_change()

    def remove(self, item: HeldItem) -> None:
        """Its lease has ended, one way or another; safe twice."""
        with self._changed:
            if self._items.pop(item.lease.token, None) and not self._items:
                self._idle_since = time.monotonic()
            self._note_change()

    def all(self) -> list[HeldItem]:
        """A snapshot."""
        with self._changed:
            return list(self._items.values())

    def holds(self, item: HeldItem) -> bool:
        """Return True if its end has not been reported yet."""
        with self._changed:
            return item.lease.token in self._items

    def wanted(self) -> int:
        """Return the number of items to lease: one for every slot that is free, or will soon be: the latter to be prepared."""
        with self._changed:
            before_delivery = [item for item in self._items.values() if item.phase is not Phase.DELIVERING]
            # Deliveries may pile up behind a slow store; then taking more would only hoard.
            if len(self._items) >= 3 * self.slots + 1:
                return 0
            left_s = [item.lease.item.weight * (1 - item.progress) for item in before_delivery if item.phase is Phase.WORKING]
            soon_free = sum(seconds <= AHEAD_VIDEO_S for seconds in left_s)
            return max(0, self.slots + soon_free - len(before_delivery))

    def idle_s(self) -> float:
        """For how long nothing has been held, in seconds; 0 while something is."""
        with self._changed:
            return 0.0 if self._items else time.monotonic() - self._idle_since

    def restart_idle_clock(self) -> None:
        """Count idleness from now: until now, nobody could have given us work."""
        with self._changed:
            self._idle_since = time.monotonic()

    @property
    def changes(self) -> int:
        """Count the times that an item has come, gone or changed its phase; for `wait_for_change`."""
        with self._changed:
            return self._changes

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Until `changes` differs from `seen`, so that none is missed in between, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, timeout_s)

    @contextmanager
    def slot(self, item: HeldItem) -> Iterator[None]:
        """A slot for an item's real work; waits for a free one, first come, first served.

        Raises:
            Stopped: the item was to stop before one was free.
        """
        with self._changed:
            self._waiting.append(item.lease.token)
            try:
                while not item.stop.is_set() and (self._working >= self.slots or self._waiting[0] != item.lease.token):
                    self._changed.wait(0.2)
            finally:
                self._waiting.remove(item.lease.token)
            if item.stop.is_set():
                self._changed.notify_all()
                raise Stopped(f"{item.key} was stopped before it began")
            self._working += 1
            item.phase = Phase.WORKING
            self._note_change()
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                item.phase = Phase.DELIVERING
                self._note_change()

    def _note_change(self) -> None:
        self._changes += 1
        self._changed.notify_all()
