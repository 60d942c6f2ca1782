"""A caller's handle of a submitted job: follow it, wait for it, fetch its results."""

import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from producer.codes import Code
from producer.delivered_files import DeliveredFile, delivered_files
from producer.wait_log import WaitLog
from scenequeue.backoff import Backoff
from scenequeue.errors import (
    DiskFull,
    InvalidScenes,
    InvalidValue,
    JobNotEnded,
    ObjectNotFound,
    QueueUnavailable,
    SceneburstError,
    StorageDenied,
    StorageUnavailable,
)
from scenequeue.jobs.ids import JobId, check_name
from scenequeue.jobs.job import JobEvent, JobState, JobStatus
from scenequeue.jobs.result import ItemResult
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.storage import Stored, sha256_of
from scenequeue.storages.disk_errors import is_full
from scenequeue.storages.obstacles import writing_problem
from scenequeue.storages.uri import UriStorage

_LOOK_S = 2.0
_INITIAL_BACKOFF_S, _MAX_BACKOFF_S = 0.2, 5.0


@dataclass(frozen=True)
class Delivery:
    """The delivery of one finished video into a folder: the file, or the error."""

    result: ItemResult
    path: Path | None
    error: SceneburstError | None


class JobHandle:
    """A handle of one job; a new handle can be made from the job's id at any time.

    `warnings`: problems noticed at the submission that did not prevent it.
    """

    def __init__(
        self, queue: SceneQueue, storage: UriStorage, job_id: JobId, threads: int = 8, warnings: Sequence[Reason] = ()
    ) -> None:
        self._queue, self._storage, self._threads = queue, storage, threads
        self.job_id = job_id
        self.warnings = tuple(warnings)

    def status(self) -> JobStatus:
        """Read the job's state and counts; `waits_because` is the reason that nothing of it is worked on.

        Raises:
            JobNotFound: it has expired.
        """
        status = self._queue.producer.status(self.job_id)
        reason = self._queue.inspect.waits_because(status)
        return status.model_copy(update={"waits_because": reason}) if reason else status

    def wait(self, timeout_s: float | None = None, on_event: Callable[[JobEvent], None] | None = None) -> JobStatus:
        """Block until the job has ended, through short outages of Redis.

        The reason that the job waits is logged (logger `sceneburst`) whenever it changes: see WaitLog.

        Args:
            timeout_s: maximum time to wait; None for no limit.
            on_event: called for every event, beginning with the job's first.

        Returns:
            The final status.

        Raises:
            JobNotEnded: a TimeoutError; it has not ended in time; the message has the reason if it waits. The job goes on.
            QueueUnavailable: transient; Redis did not answer at the end of the time.
            JobNotFound: it has expired.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        after, backoff, log = "0", Backoff(_INITIAL_BACKOFF_S, _MAX_BACKOFF_S), WaitLog(self.job_id)
        while True:
            left_s = _LOOK_S if deadline is None else min(_LOOK_S, deadline - time.monotonic())
            try:
                events = self._queue.producer.events(self.job_id, after, block_s=max(0.01, left_s), count=1000)
                for event in events:
                    after = event.id
                    if on_event:
                        on_event(event)
                status = self.status()
                backoff.reset()
            except QueueUnavailable as error:
                log.log_unreachable(error)
                pause_s = backoff.next_s()
                if deadline is not None and time.monotonic() + pause_s >= deadline:
                    raise
                time.sleep(pause_s)
                continue
            # After a cancel, running items need a moment to stop; the job has ended when none is leased.
            if status.state is not JobState.ACTIVE and not status.counts.leased and not (events and on_event):
                return status
            reason = status.waits_because
            log.log_reason(reason)
            if deadline is not None and time.monotonic() >= deadline:
                raise self._not_ended(timeout_s or 0, reason)

    def _not_ended(self, timeout_s: float, why: Reason | None) -> JobNotEnded:
        if why is None:
            return JobNotEnded(Code.NOT_ENDED, job_id=self.job_id, timeout_s=timeout_s)
        return JobNotEnded(Code.NOT_ENDED_WAITS, job_id=self.job_id, timeout_s=timeout_s, why=why)

    def results(self) -> list[ItemResult]:
        """Return the results so far, stage by stage, each in its order: the scenes, then the film."""
        return list(self.iter_results())

    def iter_results(self) -> Iterator[ItemResult]:
        """Yield the same results one by one, in bounded memory."""
        yield from self._queue.producer.results(self.job_id)

    def events(self, after: str = "0") -> Iterator[JobEvent]:
        """Yield the job's events, beginning after an event id, until it has ended."""
        while True:
            has_ended = self.status().state is not JobState.ACTIVE
            found = self._queue.producer.events(self.job_id, after, block_s=0.0 if has_ended else _LOOK_S)
            for event in found:
                after = event.id
                yield event
            if has_ended and not found:
                return

    def cancel(self) -> JobStatus:
        """Drop the waiting items; running ones are stopped within a heartbeat. Idempotent.

        An item that is being uploaded is dropped too, but its file may still appear, whole: see docs/enqueueing.md.
        """
        return self._queue.producer.cancel(self.job_id)

    def deliver(self, folder: Path | str) -> list[Delivery]:
        """Copy every finished video and its sidecars into a folder, in parallel; report each delivery.

        An existing file is replaced; if its delivery fails it stays, but does not count as delivered. The working files of a
        transcoding are not copied.

        Returns:
            A delivery for each finished video, in the order of the results.

        Raises:
            StorageDenied, DiskFull: the folder cannot be made.
        """
        target = Path(folder)
        try:
            target.mkdir(parents=True, exist_ok=True)
            # An error of writing to the folder would name the file that is copied.
            with tempfile.TemporaryFile(dir=target):
                pass
        except OSError as error:
            raise _unwritable(target, target, error) from error
        files = [file for result in self.iter_results() for file in delivered_files(result)]
        times = Counter((file.folder, file.name, file.ending) for file in files)

        def one(file: DeliveredFile) -> Delivery:
            try:
                if times[file.folder, file.name, file.ending] > 1:
                    raise InvalidScenes([Reason(Code.RESULTS_CALLED_ALIKE, {"name": file.name})])
                return Delivery(file.result, self._fetch(file, target), None)
            except SceneburstError as error:
                return Delivery(file.result, None, error)

        with ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="download") as threads:
            return list(threads.map(one, files))

    def download(self, folder: Path | str) -> list[Path]:
        """Copy every finished video into a folder, in parallel, and verify its checksum.

        Returns:
            The files, in the order of the results.

        Raises:
            SceneburstError: a delivery failed, as StorageUnavailable, StorageDenied, ObjectNotFound or DiskFull; the
                others were made. `deliver` reports each delivery.
        """
        deliveries = self.deliver(folder)
        failed = [delivery.error for delivery in deliveries if delivery.error is not None]
        if failed:
            if len(failed) > 1:
                counts = {"failed": len(failed), "deliveries": len(deliveries)}
                failed[0].add_note(Reason(Code.DELIVERIES_FAILED, counts).text)
            raise failed[0]
        return [delivery.path for delivery in deliveries if delivery.path is not None]

    def _fetch(self, file: DeliveredFile, folder: Path) -> Path:
        path = self._fetch_one(file, folder)
        for sidecar in file.sidecars():
            self._fetch_one(sidecar, folder)
        return path

    def _fetch_one(self, file: DeliveredFile, folder: Path) -> Path:
        try:
            # Results come from containers, so their names are not trusted to stay in the folder.
            target = folder / check_name(file.folder) if file.folder else folder
            path = target / f"{check_name(file.name)}{file.ending}"
        except InvalidValue as error:
            raise StorageDenied(error.reason) from None
        copy = folder / f".{secrets.token_hex(8)}.part"
        try:
            stored = self._stored(file.address, copy, shutil.disk_usage(folder).free)
            if file.bytes is not None and stored.bytes != file.bytes:
                raise StorageUnavailable(Code.SIZE_DIFFERS, uri=file.address, received=stored.bytes, size=file.bytes)
            if file.sha256 and sha256_of(copy) != file.sha256:
                raise StorageUnavailable(QueueCode.ARRIVED_DAMAGED, uri=file.address)
            target.mkdir(exist_ok=True)
            copy.replace(path)
        except OSError as error:
            raise _unwritable(path, folder, error) from error
        finally:
            copy.unlink(missing_ok=True)
        return path

    def _stored(self, address: str, copy: Path, max_bytes: int) -> Stored:
        try:
            return self._storage.get(address, copy, max_bytes=max_bytes)
        except ObjectNotFound as error:
            raise ObjectNotFound(Code.RESULT_GONE, problem=error.reason) from None


def _unwritable(path: Path, folder: Path, error: OSError) -> DiskFull | StorageDenied:
    if is_full(error):
        return DiskFull(QueueCode.NO_SPACE, uri=str(path))
    return StorageDenied(Code.DELIVERY_UNWRITABLE, path=str(path), problem=writing_problem(folder, error))
