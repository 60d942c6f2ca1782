"""The worker's loop: lease near the time of work, hand every item to a thread, and leave when it is time."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

import structlog

from container_worker.beat import Heartbeat
from container_worker.drain import Drain
from container_worker.exits import Exit
from container_worker.ffmpeg import Limits, Stopped
from container_worker.handlers import Handler, Work
from container_worker.held import HeldItem, HeldItems
from container_worker.scratch import scratch_folder
from scenequeue.errors import DiskFull, ItemError, JobNotFound, LeaseLost, QueueUnavailable, SceneburstError
from scenequeue.items import WIRE_VERSION, ContainerId, ItemResult, Lease
from scenequeue.options import RenderOptions
from scenequeue.queue import SceneQueue
from scenequeue.settings import WorkerSettings
from scenequeue.storage import UriStorage

T = TypeVar("T")

#: How long the loop sits on the doorbell before it looks around.
_LOOK_S = 1.0
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0
#: How often the loop puts expired leases back itself, so that recovery does not need a dispatcher.
_RECLAIM_EVERY_S = 10.0


class WorkLoop:
    """One container's work.

    Args:
        queue: where the items come from.
        settings: slots (already resolved, at least 1), limits, time-outs.
        container_id: who we are.
        handlers: kind -> what to do.
        drain: set from outside to make the loop leave.
    """

    def __init__(
        self,
        queue: SceneQueue,
        settings: WorkerSettings,
        container_id: ContainerId,
        handlers: Mapping[str, Handler],
        drain: Drain,
    ) -> None:
        self._queue, self._settings, self._container_id = queue, settings, container_id
        self._handlers, self._drain = handlers, drain
        self._held = HeldItems(settings.slots)
        self._heart = Heartbeat(queue, container_id, self._held, settings.lease_s, settings.fleet)
        self._storage = UriStorage(settings)
        self._limits = Limits(
            wall_s=settings.item_timeout_s,
            memory_bytes=settings.item_memory_mib * 1024**2,
            file_bytes=settings.item_output_bytes,
        )
        self._log = structlog.get_logger()
        self._options: dict[str, RenderOptions] = {}
        self._unreported = 0
        self._lock = threading.Lock()
        self._cannot_do_until = 0.0
        self._cannot_do_pause_s = 1.0
        self._next_reclaim = time.monotonic() + _RECLAIM_EVERY_S * random.uniform(0.5, 1.5)  # noqa: S311

    def run(self) -> Exit:
        """Work until there is none, or until asked to leave; returns why it left."""
        self._heart.start()
        born = idle_since = time.monotonic()
        backoff_s = _FIRST_BACKOFF_S
        try:
            while True:
                if self._must_leave():
                    break
                try:
                    if self._take():
                        idle_since = time.monotonic()
                    backoff_s = _FIRST_BACKOFF_S
                except QueueUnavailable:
                    self._pause(backoff_s)
                    backoff_s = min(_LONGEST_BACKOFF_S, backoff_s * 2)
                if self._held.all():
                    idle_since = time.monotonic()
                    continue
                if not self._heart.idle_since_ms:
                    self._note_idle()
                now = time.monotonic()
                if now - idle_since >= self._settings.idle_timeout_s and now - born >= self._settings.min_lifetime_s:
                    self._drain.ask("idle", Exit.IDLE)
        finally:
            self._heart.stop(self._drain.reason or "error")
        return self._drain.exit

    def _must_leave(self) -> bool:
        """Carry a drain forward; True when nothing is held any more."""
        if self._heart.should_drain.is_set():
            self._drain.ask("drained by the dispatcher", Exit.DRAINED)
        if self._heart.silence_s() > self._settings.redis_patience_s:
            self._drain.ask("redis was gone for too long", Exit.REDIS_LOST)
            return True
        if not self._drain.is_asked:
            return False
        self._heart.is_draining = True
        self._drain.advance(self._held)
        if not self._held.all():
            return True
        self._held.wait_for_change(0.2)
        return False

    def _take(self) -> bool:
        """Lease what can be worked on now; True when something came."""
        if self._drain.is_asked:
            return False
        wanted = self._held.wanted()
        if not wanted or self._unreported or time.monotonic() < self._cannot_do_until:
            self._held.wait_for_change(_LOOK_S)
            return False
        leases = self._queue.worker.lease(self._container_id, wanted, self._settings.lease_s, begins_now=False)
        if not leases:
            self._reclaim_now_and_then()
            self._queue.worker.wait_for_work(_LOOK_S)
            return False
        for lease in leases:
            self._begin(lease)
        return True

    def _begin(self, lease: Lease) -> None:
        item = HeldItem(lease)
        if lease.item.v > WIRE_VERSION or lease.item.kind not in self._handlers:
            self._queue.worker.release(self._container_id, [lease])
            self._heart.note = f"leaves items of kind {lease.item.kind!r} v{lease.item.v} to others"
            self._cannot_do_until = time.monotonic() + self._cannot_do_pause_s
            self._cannot_do_pause_s = min(30.0, self._cannot_do_pause_s * 2)
            return
        self._heart.idle_since_ms = 0
        self._held.add(item)
        # Threads start without context; the log's fields (program, container) are to come along.
        work = copy_context().run
        threading.Thread(target=work, args=(self._work, item), name=item.key, daemon=True).start()

    def _work(self, item: HeldItem) -> None:
        log = self._log.bind(item=item.key, scene=item.lease.item.name, attempt=item.lease.attempt)
        try:
            with scratch_folder(self._settings.scratch_dir) as scratch:
                result = self._handle(item, scratch)
        except Stopped as stopped:
            if not item.is_lost:
                log.info("handed back", reason=str(stopped))
                self._report(lambda: self._queue.worker.release(self._container_id, [item.lease]))
        except Exception as error:
            self._failed(item, error, log)
        else:
            log.info("done", processing_s=result.processing_s, bytes=result.bytes)
            refused = self._report(lambda: self._queue.worker.ack(self._container_id, [(item.lease, result)]))
            if refused:
                log.warning("result refused: the lease was lost or the job cancelled")
            else:
                self._heart.done += 1
        finally:
            self._held.remove(item)
            if not self._held.all():
                self._note_idle()

    def _handle(self, item: HeldItem, scratch: Path) -> ItemResult:
        def set_progress(share: float) -> None:
            item.progress = share

        work = Work(
            lease=item.lease,
            options=self._options_of(item.lease),
            scratch=scratch,
            storage=self._storage,
            limits=self._limits,
            container_id=self._container_id,
            slot=lambda: self._slot(item),
            on_progress=set_progress,
            should_stop=item.stop,
        )
        return self._handlers[item.lease.item.kind](work)

    @contextmanager
    def _slot(self, item: HeldItem) -> Iterator[None]:
        """A slot, entered only with a lease that still holds."""
        with self._held.slot(item):
            try:
                self._report(lambda: self._queue.worker.begin(item.lease))
            except LeaseLost:
                item.is_lost = True
                raise Stopped("the lease was lost before the work began") from None
            yield

    def _failed(self, item: HeldItem, error: Exception, log: structlog.stdlib.BoundLogger) -> None:
        if isinstance(error, ItemError):
            kind, message, transient = type(error).__name__, str(error), error.transient
            log.warning("failed", error=kind, reason=message, transient=transient)
        else:
            kind, message, transient = type(error).__name__, f"unexpected: {error}", True
            log.error("failed unexpectedly", exc_info=error)
        self._heart.failed += 1
        if isinstance(error, DiskFull):
            self._drain.ask("the scratch space is used up", Exit.DISK_FULL)
        try:
            self._report(lambda: self._queue.worker.fail(self._container_id, item.lease, kind, message, transient=transient))
        except LeaseLost:
            log.warning("failure not counted: the lease was lost")

    def _report(self, call: Callable[[], T]) -> T | None:
        """Tell the queue how an item ended, however long Redis takes to come back; nothing is leased meanwhile.

        None when it stayed away for longer than our patience: the item comes back when its lease ends.
        """
        with self._lock:
            self._unreported += 1
        try:
            backoff_s = _FIRST_BACKOFF_S
            while True:
                try:
                    return call()
                except QueueUnavailable:
                    if self._heart.silence_s() > self._settings.redis_patience_s:
                        return None
                    time.sleep(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311
                    backoff_s = min(_LONGEST_BACKOFF_S, backoff_s * 2)
        finally:
            with self._lock:
                self._unreported -= 1

    def _options_of(self, lease: Lease) -> RenderOptions:
        options = self._options.get(lease.job_id)
        if options is None:
            try:
                options = self._queue.worker.job(lease.job_id).options
            except JobNotFound:
                raise Stopped(f"job {lease.job_id} has expired") from None
            except QueueUnavailable:
                # Nothing has been done for it yet, so handing it back costs nothing.
                raise Stopped("redis went away before the item began") from None
            if len(self._options) > 100:
                self._options.clear()
            self._options[lease.job_id] = options
        return options

    def _reclaim_now_and_then(self) -> None:
        if time.monotonic() >= self._next_reclaim:
            self._next_reclaim = time.monotonic() + _RECLAIM_EVERY_S * random.uniform(0.5, 1.5)  # noqa: S311
            self._queue.dispatcher.reclaim()

    def _note_idle(self) -> None:
        try:
            self._heart.idle_since_ms = self._queue.inspect.now_ms()
        except SceneburstError:
            self._heart.idle_since_ms = 0

    def _pause(self, seconds: float) -> None:
        self._held.wait_for_change(seconds * random.uniform(0.5, 1.0))  # noqa: S311
