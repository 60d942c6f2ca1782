"""The heartbeat: one thread that keeps all leases, tells how things stand, and learns what was lost."""

import socket
import threading
import time
from contextvars import copy_context
from importlib.metadata import PackageNotFoundError, version

import structlog

from container_worker.held import HeldItems
from scenequeue.errors import QueueUnavailable
from scenequeue.items import ContainerId, ContainerRecord
from scenequeue.queue import SceneQueue

#: Beats per lease time: two may be lost before a lease is.
_PER_LEASE = 3
#: The longest between two beats, so that progress is worth looking at.
_LONGEST_S = 2.0


def package_version() -> str:
    """Ours, or "" when run from a tree that is not installed."""
    try:
        return version("sceneburst")
    except PackageNotFoundError:
        return ""


class Heartbeat:
    """Extends leases and reports until it is stopped. Start and stop are safe twice.

    Args:
        queue: where to.
        container_id: whose.
        held: what to extend; items found lost are told to stop.
        lease_s: how long a lease lasts.
        fleet: name for the container's record.
    """

    def __init__(self, queue: SceneQueue, container_id: ContainerId, held: HeldItems, lease_s: float, fleet: str) -> None:
        self._queue, self._held, self._lease_s = queue, held, lease_s
        self._log = structlog.get_logger()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._base = ContainerRecord(
            container_id=container_id, fleet=fleet, slots=held.slots, host=socket.gethostname(), version=package_version()
        )
        #: Set when the dispatcher wants this container to drain.
        self.should_drain = threading.Event()
        self.done = 0
        self.failed = 0
        self.is_draining = False
        self.note = ""
        self.started_ms = 0
        self.idle_since_ms = 0
        self._silent_since: float | None = None

    def start(self) -> None:
        """Say hello at once, then beat."""
        if self._thread is None:
            self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name="heartbeat", daemon=True)
            self._thread.start()

    def stop(self, exit_reason: str) -> None:
        """Beat no more, and say goodbye when Redis listens."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._queue.worker.goodbye(self.record().model_copy(update={"exit_reason": exit_reason}))
        except QueueUnavailable:
            self._log.warning("left without a goodbye: Redis does not answer")

    def silence_s(self) -> float:
        """For how long Redis has not answered."""
        since = self._silent_since
        return 0.0 if since is None else time.monotonic() - since

    def record(self) -> ContainerRecord:
        """How the container stands now."""
        items = self._held.all()
        return self._base.model_copy(
            update={
                "state": "draining" if self.is_draining else "running",
                "started_ms": self.started_ms,
                "idle_since_ms": 0 if items else self.idle_since_ms,
                "held": len(items),
                "done": self.done,
                "failed": self.failed,
                "is_draining": self.is_draining,
                "progress": {item.key: round(item.progress, 3) for item in items},
                "note": self.note,
            }
        )

    def _run(self) -> None:
        pause_s = min(self._lease_s / _PER_LEASE, _LONGEST_S)
        while True:
            self._beat()
            if self._stop.wait(pause_s):
                return

    def _beat(self) -> None:
        items = {item.key: item for item in self._held.all()}
        try:
            if not self.started_ms:
                self.started_ms = self.idle_since_ms = self._queue.inspect.now_ms()
            lost = self._queue.worker.extend(self._base.container_id, [item.lease for item in items.values()], self._lease_s)
            if self._queue.worker.beat(self.record()):
                self.should_drain.set()
        except QueueUnavailable as error:
            if self._silent_since is None:
                self._silent_since = time.monotonic()
                self._log.warning("redis is gone; what is in hand goes on", error=str(error))
            return
        if self._silent_since is not None:
            self._log.info("redis is back", after_s=round(self.silence_s(), 1))
            self._silent_since = None
        for lease in lost:
            item = items[f"{lease.job_id}/{lease.item_id}"]
            # An item that was just handed in is no longer ours, and that is right.
            if item in self._held.all():
                self._log.warning("lease lost", item=item.key)
                item.is_lost = True
                item.stop.set()
