"""The items that a container has leased, and the progress of each."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from container_worker.codes import Code
from container_worker.sandbox.child import Stopped
from scenequeue.jobs.ids import LeaseToken
from scenequeue.jobs.item import Lease
from scenequeue.jobs.need import need_of

#: Seconds of work left at a slot when the next item is fetched. Fetched earlier, it would wait behind a long item although
#: another container could begin it.
AHEAD_S = 6.0
#: Seconds of work per unit of weight until an item of the same need has been measured here; about that of a scene.
_UNMEASURED_S = 0.6


class Phase(Enum):
    """The phases of an item inside the container."""

    PREPARING = auto()  #: its inputs are fetched, its child gets ready, or it waits for a slot
    WORKING = auto()  #: it has a slot
    DELIVERING = auto()  #: its output is uploaded, its result handed in


@dataclass
class InFlightItem:
    """One leased item; shared by its own thread, the heartbeat and the loop."""

    lease: Lease
    phase: Phase = Phase.PREPARING
    progress: float = 0.0
    #: Set to end its work at once.
    stop: threading.Event = field(default_factory=threading.Event)
    #: Another container has leased it, or its job was cancelled: its result would be refused.
    is_lost: bool = False

    @property
    def key(self) -> str:
        return f"{self.lease.job_id}/{self.lease.item_id}"

    def lose(self) -> None:
        """End its work at once, because its lease is lost and its result would be refused."""
        self.is_lost = True
        self.stop.set()


class InFlightItems:
    """All items in flight in a container, and its slots. Thread-safe.

    Args:
        slots: number of items that may work at once.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # By token: a container may lease an item again while it still works under an expired lease of it.
        self._items: dict[LeaseToken, InFlightItem] = {}
        self._working = 0
        self._waiting: deque[LeaseToken] = deque()
        self._changes = 0
        #: Need -> seconds of work per unit of weight, of the last item here; units differ between kinds.
        self._measured_s: dict[str, float] = {}
        self._idle_since = time.monotonic()
        self._changed = threading.Condition()

    def add(self, item: InFlightItem) -> None:
        """Add a leased item."""
        with self._changed:
            self._items[item.lease.token] = item
            self._note_change()

    def remove(self, item: InFlightItem) -> None:
        """Remove an item whose lease has ended; safe twice."""
        with self._changed:
            if self._items.pop(item.lease.token, None) and not self._items:
                self._idle_since = time.monotonic()
            self._note_change()

    def all(self) -> list[InFlightItem]:
        """Return a snapshot of all items."""
        with self._changed:
            return list(self._items.values())

    def holds(self, item: InFlightItem) -> bool:
        """Return True until the item's outcome has been reported."""
        with self._changed:
            return item.lease.token in self._items

    def free_capacity(self) -> int:
        """Return the number of items to lease: one per free slot, and one to prepare per slot that is soon free."""
        with self._changed:
            before_delivery = [item for item in self._items.values() if item.phase is not Phase.DELIVERING]
            # Deliveries pile up behind a slow store: further leases would only keep items from other containers.
            if len(self._items) >= 3 * self.slots + 1:
                return 0
            soon_free = sum(self._left_s(item) <= AHEAD_S for item in before_delivery if item.phase is Phase.WORKING)
            return max(0, self.slots + soon_free - len(before_delivery))

    def free_slots(self) -> int:
        """Return the number of slots that no item works in or waits for."""
        with self._changed:
            return max(0, self.slots - sum(item.phase is not Phase.DELIVERING for item in self._items.values()))

    def idle_s(self) -> float:
        """Return the seconds since the last item; 0 while there is one."""
        with self._changed:
            return 0.0 if self._items else time.monotonic() - self._idle_since

    def restart_idle_clock(self) -> None:
        """Count idle time from now, because no work could be received until now."""
        with self._changed:
            self._idle_since = time.monotonic()

    @property
    def changes(self) -> int:
        """Count the arrivals, departures and phase changes of items; for `wait_for_change`."""
        with self._changed:
            return self._changes

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Wait until `changes` differs from `seen`, so that no change in between is missed, or until the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, timeout_s)

    @contextmanager
    def slot(self, item: InFlightItem) -> Iterator[None]:
        """Hold a slot for an item's work; waits for a free one, first come, first served.

        Raises:
            Stopped: the item was told to stop before a slot was free.
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
                raise Stopped(Code.ITEM_STOPPED_WAITING, item=item.key)
            self._working += 1
            item.phase = Phase.WORKING
            self._note_change()
        began_s = time.monotonic()
        try:
            yield
            self._measure(item, time.monotonic() - began_s)
        finally:
            with self._changed:
                self._working -= 1
                item.phase = Phase.DELIVERING
                self._note_change()

    def _left_s(self, item: InFlightItem) -> float:
        """Estimate the seconds of work that a working item still needs."""
        return item.lease.item.weight * (1 - item.progress) * self._measured_s.get(_need(item), _UNMEASURED_S)

    def _measure(self, item: InFlightItem, seconds: float) -> None:
        if item.lease.item.weight > 0:
            with self._changed:
                self._measured_s[_need(item)] = seconds / item.lease.item.weight

    def _note_change(self) -> None:
        self._changes += 1
        self._changed.notify_all()


def _need(item: InFlightItem) -> str:
    return need_of(item.lease.item.kind, item.lease.item.v)
