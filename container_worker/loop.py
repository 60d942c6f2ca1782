"""The worker's loop: lease items shortly before they can run, start a thread for each, and leave when asked or idle."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import copy_context

import structlog

from container_worker.codes import Code
from container_worker.drain import Drain
from container_worker.executor import ItemExecutor
from container_worker.exit_codes import Exit
from container_worker.heartbeat import Heartbeat
from container_worker.in_flight import InFlightItem, InFlightItems
from container_worker.kind import Kind
from container_worker.reporting import INITIAL_BACKOFF_S, MAX_BACKOFF_S, Reports
from container_worker.surroundings import find_problem
from scenequeue.backoff import Backoff, jittered
from scenequeue.errors import BadInput, QueueUnavailable, SceneburstError, SettingsError, reason_for
from scenequeue.jobs.ids import ContainerId
from scenequeue.jobs.item import Lease
from scenequeue.jobs.need import need_of, needs_of_kinds
from scenequeue.logs import LogTail
from scenequeue.ports.worker import new_request_id
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import WorkerSettings

#: Maximum and minimum seconds that the loop waits at the bells before it checks for other reasons to act.
_MAX_WAIT_S, _MIN_WAIT_S = 1.0, 0.05
#: Seconds between two checks of a draining loop.
_DRAIN_WAIT_S = 0.2
#: Maximum seconds between two reclaims by the loop itself, so that recovery does not depend on a dispatcher.
_RECLAIM_EVERY_S = 10.0
#: Minimum seconds between two looks for items that take other containers too long.
_SPARES_EVERY_S = 1.0
#: A bell that rings within this many seconds announces work that was there before.
_AT_ONCE_S = 0.01
#: Pauses after spurious wake-ups: the bell rings, but nothing can be leased.
_INITIAL_SPURIOUS_PAUSE_S = 0.01
_MAX_SPURIOUS_PAUSE_S = 1.0
#: Seconds that a leaving loop waits for stopped items to kill their children and delete their scratch folders.
_ABANDON_S = 1.0


class WorkLoop:
    """Runs the items of one container.

    Args:
        queue: the queue.
        settings: slots (already resolved, at least 1), limits, time-outs. `batch` is the planner's estimate, not a limit: a
            container that is done early takes over items of slower ones.
        container_id: this container.
        kinds: the kinds that it can execute, by name.
        drain: makes the loop leave; may be set from outside.
        isolation: the level at which children are isolated, for the container's record.
        tail: the last lines of the log, for operators without access to the log itself.
    """

    def __init__(
        self,
        queue: SceneQueue,
        settings: WorkerSettings,
        container_id: ContainerId,
        kinds: Mapping[str, Kind],
        drain: Drain,
        isolation: str = "",
        tail: LogTail | None = None,
    ) -> None:
        self._queue, self._settings, self._container_id = queue, settings, container_id
        self._drain = drain
        self._serves = needs_of_kinds(kinds)
        self._in_flight = InFlightItems(settings.slots)
        self._heartbeat = Heartbeat(
            *(queue, container_id, self._in_flight, settings.lease_s, settings.fleet, settings.alive_file),
            *(isolation, self._serves, tail),
        )
        self._reports = Reports(self._heartbeat.silence_s, settings.redis_patience_s)
        self._executor = ItemExecutor(
            queue,
            settings,
            container_id,
            kinds,
            in_flight=self._in_flight,
            heartbeat=self._heartbeat,
            drain=drain,
            reports=self._reports,
        )
        self._log = structlog.get_logger()
        self._errors = Backoff(INITIAL_BACKOFF_S, MAX_BACKOFF_S)
        self._spurious = Backoff(_INITIAL_SPURIOUS_PAUSE_S, _MAX_SPURIOUS_PAUSE_S)
        self._next_reclaim = self._next_reclaim_time()
        self._next_spares = 0.0
        #: Id of the lease call, kept until it is answered: a repeated call with it returns the result of the lost answer.
        self._call = new_request_id()
        #: The need whose bell was taken; the next lease call makes the bell again if work is left.
        self._bell = ""

    def run(self) -> Exit:
        """Run until no work is left or the container is asked to leave; return the reason. Main thread only.

        Raises:
            SettingsError: Redis refuses the login.
        """
        self._heartbeat.start()
        born = time.monotonic()
        try:
            while not self._must_leave():
                has_found_nothing = self._step()
                is_old_enough = time.monotonic() - born >= self._settings.min_lifetime_s
                if has_found_nothing and is_old_enough and self._in_flight.idle_s() >= self._settings.idle_timeout_s:
                    self._drain.ask(Code.IDLE, Exit.IDLE)
        except KeyboardInterrupt:
            self._abandon_all()
            self._heartbeat.stop(Reason(Code.INTERRUPTED))
            return Exit.INTERRUPTED
        except BaseException:
            self._hand_back(self._in_flight.all())
            self._abandon_all()
            self._heartbeat.stop(Reason(Code.WORKER_FAILED))
            raise
        self._abandon_all()
        self._heartbeat.stop(self._drain.reason)
        return self._drain.exit

    def _must_leave(self) -> bool:
        """Advance a drain; return True when the container can leave."""
        if self._heartbeat.should_drain.is_set():
            by = self._heartbeat.drained_by
            self._drain.ask(Reason(Code.DRAINED_BY, {"by": by}) if by else Code.DRAINED, Exit.DRAINED)
        if self._heartbeat.silence_s() > self._settings.redis_patience_s:
            self._drain.ask(Code.REDIS_GONE, Exit.REDIS_LOST)
            return True
        if not self._drain.is_asked:
            return False
        self._heartbeat.draining = self._drain.reason
        seen = self._in_flight.changes
        self._drain.advance(self._in_flight)
        held = self._in_flight.all()
        if not held:
            return True
        if self._drain.is_overdue:
            self._log.warning("items abandoned: still busy after the grace period", items=[item.key for item in held])
            self._hand_back(held)
            return True
        self._in_flight.wait_for_change(seen, _DRAIN_WAIT_S)
        return False

    def _step(self) -> bool:
        """Lease items that can be worked on now, or wait for a change: at most a second, or a backoff.

        Returns:
            True if the queue was asked and had nothing to lease; only that counts as idle time.
        """
        seen = self._in_flight.changes
        try:
            has_found_nothing = self._lease_or_wait(seen)
        except SettingsError:
            raise
        except Exception as error:
            if not isinstance(error, QueueUnavailable):
                # An unreadable message must not end every worker that leases it.
                self._log.exception("leasing failed")
            if problem := find_problem(self._settings.scratch_dir, thoroughly=False):
                # Leasing may have failed because no file descriptor is left for the connection.
                self._drain.ask(Reason(QueueCode.CONTAINER_BROKEN, {"problem": problem}), Exit.BROKEN)
            self._in_flight.wait_for_change(seen, self._errors.next_s())
            # No work could be received during the failure.
            self._in_flight.restart_idle_clock()
            return False
        self._errors.reset()
        return has_found_nothing

    def _lease_or_wait(self, seen: int) -> bool:
        if self._drain.is_asked:
            return False
        self._reclaim_if_due()
        wanted = self._in_flight.free_capacity()
        if not wanted or self._reports.are_pending:
            self._in_flight.wait_for_change(seen, _MAX_WAIT_S)
            return False
        worker, lease_s = self._queue.worker, self._settings.lease_s
        leases = worker.lease(
            self._container_id, wanted, lease_s, begins_now=False, call=self._call, serves=self._serves, bell=self._bell
        )
        self._call, self._bell = new_request_id(), ""
        if leases := leases or self._lease_spares():
            self._spurious.reset()
            return self._begin(leases) == 0
        waited_since = time.monotonic()
        self._bell = worker.wait_for_work(look_s(self._settings.idle_timeout_s, self._in_flight.idle_s()), self._serves)
        if not self._bell or time.monotonic() - waited_since > _AT_ONCE_S:
            self._spurious.reset()
            return not self._bell
        # A spurious wake-up: this container is marked for drain, or others were faster.
        self._in_flight.wait_for_change(seen, self._spurious.next_s())
        return True

    def _lease_spares(self) -> list[Lease]:
        """Lease items that take other containers too long, for free slots; at most one look a second."""
        free = self._in_flight.free_slots()
        if not free or time.monotonic() < self._next_spares:
            return []
        self._next_spares = time.monotonic() + _SPARES_EVERY_S
        leases = self._queue.worker.lease_spares(self._container_id, free, self._settings.lease_s, serves=self._serves)
        if leases:
            self._log.info("spare leases taken", items=[f"{lease.job_id}/{lease.item_id}" for lease in leases])
        return leases

    def _begin(self, leases: Sequence[Lease]) -> int:
        """Start items; return their number. An item in the list of another need was put there by a foreign writer: refuse it."""
        ours = [lease for lease in leases if need_of(lease.item.kind, lease.item.v) in self._serves]
        for lease in ours:
            self._start(InFlightItem(lease))
        for lease in leases:
            if lease not in ours:
                self._refuse(lease)
        return len(ours)

    def _refuse(self, lease: Lease) -> None:
        why = reason_for(Code.ITEM_MISPLACED, kind=lease.item.kind, version=lease.item.v)
        self._log.warning("item refused", item=f"{lease.job_id}/{lease.item_id}", why=why)
        self._queue.worker.fail(self._container_id, lease, BadInput.__name__, why, transient=False)

    def _start(self, item: InFlightItem) -> None:
        self._in_flight.add(item)
        # A thread starts with an empty context; copy ours, which has the log's fields (program, container).
        work = copy_context().run
        thread = threading.Thread(target=work, args=(self._executor.execute, item), name=item.key, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # The machine has no more threads. Without one, the item would never end, and its lease would be extended for ever.
            self._drain.ask(Reason(QueueCode.CONTAINER_BROKEN, {"problem": str(error)}), Exit.BROKEN)
            self._hand_back([item])
            self._in_flight.remove(item)

    def _reclaim_if_due(self) -> None:
        # While Redis does not answer, the call would only delay the reaction to a drain.
        if time.monotonic() >= self._next_reclaim and not self._heartbeat.silence_s():
            self._next_reclaim = self._next_reclaim_time()
            self._queue.worker.reclaim()

    def _next_reclaim_time(self) -> float:
        """Return the time of the next reclaim: within a lease time, and different for each container."""
        return time.monotonic() + jittered(min(_RECLAIM_EVERY_S, self._settings.lease_s))

    def _hand_back(self, items: Sequence[InFlightItem]) -> None:
        """Release items that cannot release themselves; their later reports are refused."""
        for item in items:
            item.lose()
        if self._heartbeat.silence_s():
            return
        try:
            self._queue.worker.release(self._container_id, [item.lease for item in items])
        except SceneburstError as error:
            self._log.warning("items not handed back; they come back when their leases expire", error=error)

    def _abandon_all(self) -> None:
        """Stop the remaining items; wait a moment until their children and scratch folders are gone."""
        self._reports.give_up()
        deadline = time.monotonic() + _ABANDON_S
        seen = self._in_flight.changes
        for item in self._in_flight.all():
            item.lose()
        while self._in_flight.all() and time.monotonic() < deadline:
            self._in_flight.wait_for_change(seen, deadline - time.monotonic())
            seen = self._in_flight.changes


def look_s(idle_timeout_s: float, idle_s: float) -> float:
    """Return for how long to wait at the bells: a second at most, and not beyond the time to leave for idleness."""
    left_s = idle_timeout_s - idle_s
    return max(_MIN_WAIT_S, left_s) if 0 < left_s < _MAX_WAIT_S else _MAX_WAIT_S
