"""Runs one leased item in its thread, and hands in its result or its failure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from container_worker.codes import Code
from container_worker.drain import Drain
from container_worker.exit_codes import Exit
from container_worker.failures import Failure, classify
from container_worker.files.roots import advice, missing_roots
from container_worker.heartbeat import Heartbeat
from container_worker.in_flight import InFlightItem, InFlightItems
from container_worker.kind import Finished, ItemContext, Kind, carry_out
from container_worker.reporting import Reports
from container_worker.sandbox.child import Stopped
from container_worker.sandbox.limits import Limits, child_memory_bytes, container_memory_bytes
from container_worker.scratch import scratch_folder
from container_worker.surroundings import SurroundingsBroken, find_problem
from scenequeue.errors import BadInput, GrowthRefused, JobNotFound, LeaseLost, QueueUnavailable, SettingsError, StorageDenied
from scenequeue.jobs.ids import ContainerId, JobId
from scenequeue.jobs.item import Lease, WorkItem
from scenequeue.jobs.options import JobOptions
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import WorkerSettings
from scenequeue.storages.uri import UriStorage

#: Number of jobs whose options are kept in memory.
_MAX_OPTIONS = 100

#: How often the items that an item brings are staged in one attempt.
_MAX_STAGINGS = 3

T = TypeVar("T")


class ItemExecutor:
    """Executes items, each in the calling thread. Thread-safe.

    Args:
        queue: takes the reports.
        settings: limits and folders.
        container_id: this container.
        kinds: the kinds that it can execute, by name.
        in_flight: the container's items and slots.
        heartbeat: counts done and failed items.
        drain: asked to drain if this container cannot go on.
        reports: repeats reports until Redis accepts them.
    """

    def __init__(
        self,
        queue: SceneQueue,
        settings: WorkerSettings,
        container_id: ContainerId,
        kinds: Mapping[str, Kind],
        *,
        in_flight: InFlightItems,
        heartbeat: Heartbeat,
        drain: Drain,
        reports: Reports,
    ) -> None:
        self._queue, self._settings, self._container_id, self._kinds = queue, settings, container_id, kinds
        self._in_flight, self._heartbeat, self._drain, self._reports = in_flight, heartbeat, drain, reports
        self._storage = UriStorage(settings)
        self._limits = Limits(
            wall_s=settings.item_timeout_s,
            memory_bytes=child_memory_bytes(settings.item_memory_mib * 1024**2, container_memory_bytes(), settings.slots),
            file_bytes=settings.item_output_bytes,
        )
        #: By structure and job: jobs of two structures may have the same id.
        self._options: dict[tuple[int, JobId], JobOptions] = {}
        self._log = structlog.get_logger()

    def execute(self, item: InFlightItem) -> None:
        """Execute the item and report its outcome; then remove it from the items in flight, and delete its scratch folder.

        Never raises. A stopped item is handed back without counting an attempt, even if the stop caused another transient
        error.
        """
        log = self._log.bind(item=item.key, scene=item.lease.item.name, attempt=item.lease.attempt)
        try:
            self._run_and_report(item, log)
        except QueueUnavailable:
            log.warning("outcome not reported: Redis does not answer; the item comes back when its lease expires")
        except Exception:
            log.exception("outcome not reported; the item comes back when its lease expires")
        finally:
            self._in_flight.remove(item)

    def _run_and_report(self, item: InFlightItem, log: structlog.stdlib.BoundLogger) -> None:
        try:
            with scratch_folder(self._settings.scratch_dir) as scratch:
                try:
                    finished = self._handle(item, scratch)
                    brought = self._stage(item, finished.brings)
                except Exception as error:
                    if not scratch.is_dir():
                        raise SurroundingsBroken(Code.SCRATCH_VANISHED, folder=str(scratch)) from error
                    raise
        except Stopped as stopped:
            self._hand_back(item, str(stopped), log)
        except Exception as error:
            failure = classify(self._missing_root_error(error, item) or error)
            if item.stop.is_set() and failure.transient:
                self._hand_back(item, failure.message, log)
            elif problem := self._container_fault(failure):
                log.exception("container is broken and leaves", reason=problem, error=failure.message)
                broken = Reason(QueueCode.CONTAINER_BROKEN, {"problem": problem})
                self._drain.ask(broken, Exit.MISCONFIGURED if failure.is_misconfigured else Exit.BROKEN)
                self._hand_back(item, problem.text, log, problem if failure.is_misconfigured else None)
            else:
                self._report_failure(item, failure, error, log)
        else:
            self._report_result(item, finished, brought, log)

    def _handle(self, item: InFlightItem, scratch: Path) -> Finished:
        def set_progress(share: float) -> None:
            item.progress = share

        context = ItemContext(
            lease=item.lease,
            options=self._options_of(item.lease),
            scratch=scratch,
            storage=self._storage,
            limits=self._limits,
            container_id=self._container_id,
            slot=lambda: self._slot(item),
            on_progress=set_progress,
            should_stop=item.stop,
            note=lambda notes: self._under_lease(item, lambda: self._queue.worker.note(self._container_id, item.lease, notes)),
            check_lease=lambda: self._check_lease(item),
        )
        return carry_out(self._kinds[item.lease.item.kind], context)

    @contextmanager
    def _slot(self, item: InFlightItem) -> Iterator[None]:
        """Hold a slot; it is entered only while the lease is valid."""
        with self._in_flight.slot(item):
            self._under_lease(item, lambda: self._queue.worker.begin(self._container_id, item.lease))
            yield

    def _check_lease(self, item: InFlightItem) -> None:
        """Check that an item may still be delivered; without an answer of Redis, the ack decides.

        Raises:
            Stopped: its lease is lost, or its job was cancelled.
        """
        if self._heartbeat.silence_s():
            return
        try:
            lost = self._queue.worker.extend(self._container_id, [item.lease], self._settings.lease_s)
        except QueueUnavailable:
            return
        if lost:
            item.lose()
            raise Stopped(Code.LEASE_LOST)

    def _stage(self, item: InFlightItem, brings: Sequence[WorkItem]) -> int:
        """Stage the items that an item brings; returns how many."""
        if not brings:
            return 0
        return self._under_lease(item, lambda: self._queue.worker.grow(self._container_id, item.lease, brings))

    def _under_lease(self, item: InFlightItem, call: Callable[[], T]) -> T:
        """Make a call for which the item's lease must be valid.

        Raises:
            Stopped: it is not, or Redis stayed away.
        """
        try:
            return self._reports.deliver(call, item.stop)
        except LeaseLost:
            item.lose()
            raise Stopped(Code.LEASE_LOST) from None
        except QueueUnavailable:
            raise Stopped(Code.REDIS_SILENT) from None

    def _missing_root_error(self, error: Exception, item: InFlightItem) -> SettingsError | None:
        """Return the setting to change for a refused file, if the dispatcher promises a folder that this container lacks."""
        if not isinstance(error, StorageDenied):
            return None
        try:
            plan = self._queue.inspect.plan()
        except SettingsError:
            # The Redis user has older rules, which do not let workers read the plan.
            return None
        own = self._settings.file_roots
        missing = missing_roots(item.lease.item.payload, own, plan)
        return SettingsError(advice(own, missing)) if missing else None

    def _container_fault(self, failure: Failure) -> Reason | None:
        """Describe a fault of the container that would fail its next item too; None if the item may be the cause."""
        if failure.is_broken or failure.is_misconfigured:
            return failure.reason
        # A full disk has an error of its own, and counts as an attempt.
        if failure.is_disk_full:
            return None
        return find_problem(self._settings.scratch_dir, thoroughly=failure.transient)

    def _hand_back(
        self, item: InFlightItem, reason: str, log: structlog.stdlib.BoundLogger, problem: Reason | None = None
    ) -> None:
        """Hand an item back; a problem is what this container lacks for it."""
        if item.is_lost:
            log.info("item dropped: its lease is lost", reason=reason)
            return
        log.info("item handed back", reason=reason)
        self._reports.deliver(lambda: self._queue.worker.release(self._container_id, [item.lease], problem))

    def _report_result(self, item: InFlightItem, finished: Finished, brought: int, log: structlog.stdlib.BoundLogger) -> None:
        result = finished.result
        try:
            refused = self._hand_in(item, finished, brought, log)
        except Stopped as stopped:
            self._hand_back(item, str(stopped), log)
            return
        except (BadInput, GrowthRefused) as error:
            self._report_failure(item, classify(error), error, log)
            return
        if refused:
            log.warning("result refused: lease lost or job cancelled")
            return
        self._heartbeat.count_done(item.lease.item.kind)
        log.info("item done", processing_s=result.processing_s, bytes=result.bytes)
        if finished.clean_up is not None:
            try:
                finished.clean_up()
            except Exception as error:
                log.warning("what the item leaves behind was not removed", error=str(error))

    def _hand_in(
        self, item: InFlightItem, finished: Finished, brought: int, log: structlog.stdlib.BoundLogger
    ) -> Sequence[Lease]:
        """Hand the result in; returns the lease if it was refused.

        Raises:
            GrowthRefused: the items that it brings get lost in Redis whenever they are staged.
        """

        def hand_in() -> list[Lease]:
            return self._queue.worker.ack(self._container_id, [(item.lease, finished.result)], {item.lease.token: brought})

        for _ in range(_MAX_STAGINGS - 1):
            try:
                return self._reports.deliver(hand_in)
            except GrowthRefused:
                # Staged items expire, and a Redis that was restored has not got them.
                log.warning("the items that it brings are not whole in Redis, and are staged again")
                brought = self._stage(item, finished.brings)
        return self._reports.deliver(hand_in)

    def _report_failure(self, item: InFlightItem, failure: Failure, error: Exception, log: structlog.stdlib.BoundLogger) -> None:
        if failure.is_expected:
            log.warning("item failed", error=failure.error, reason=failure.reason, transient=failure.transient)
        else:
            log.error("item failed with an unexpected error", exc_info=error)
        if failure.is_disk_full:
            self._drain.ask(Code.SCRATCH_USED_UP, Exit.DISK_FULL)
        try:
            self._reports.deliver(
                lambda: self._queue.worker.fail(
                    self._container_id, item.lease, failure.error, failure.reason, transient=failure.transient
                )
            )
            self._heartbeat.count_failed()
        except LeaseLost:
            log.warning("failure not counted: lease lost")

    def _options_of(self, lease: Lease) -> JobOptions:
        job = lease.structure, lease.job_id
        options = self._options.get(job)
        if options is None:
            try:
                options = self._queue.worker.options(lease.job_id, lease.structure)
            except JobNotFound:
                raise Stopped(Code.ITEM_EXPIRED, job_id=lease.job_id) from None
            except QueueUnavailable:
                if problem := find_problem(self._settings.scratch_dir, thoroughly=False):
                    raise SurroundingsBroken(problem) from None
                # No work has been done for the item yet, so handing it back costs nothing.
                raise Stopped(Code.REDIS_SILENT_BEFORE) from None
            if len(self._options) >= _MAX_OPTIONS:
                self._options.clear()
            self._options[job] = options
        return options
