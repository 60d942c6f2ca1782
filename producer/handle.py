"""A submitted job in the caller's hands: follow it, wait for it, fetch what it made."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scenequeue.errors import InvalidScenes, QueueUnavailable, StorageUnavailable
from scenequeue.items import ItemResult, JobEvent, JobId, JobState, JobStatus
from scenequeue.queue import SceneQueue
from scenequeue.storage import UriStorage, sha256_of

_LOOK_S = 2.0
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.2, 5.0


class JobHandle:
    """One job. Holds no state of its own: made again from the id, it goes on where it was."""

    def __init__(self, queue: SceneQueue, storage: UriStorage, job_id: JobId, threads: int = 8) -> None:
        self._queue, self._storage, self._threads = queue, storage, threads
        self.job_id = job_id

    def status(self) -> JobStatus:
        """How the job stands.

        Raises:
            JobNotFound: it has expired.
        """
        return self._queue.producer.status(self.job_id)

    def wait(self, timeout_s: float | None = None, on_event: Callable[[JobEvent], None] | None = None) -> JobStatus:
        """Block until the job has ended, through short outages of Redis.

        Args:
            timeout_s: longest wait; None is for ever.
            on_event: called for every event, from the job's first on.

        Returns:
            The final status.

        Raises:
            TimeoutError: it has not ended in time; the job goes on.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        after, backoff_s = "0", _FIRST_BACKOFF_S
        while True:
            left_s = _LOOK_S if deadline is None else min(_LOOK_S, deadline - time.monotonic())
            try:
                events = self._queue.producer.events(self.job_id, after, block_s=max(0.01, left_s), count=1000)
                for event in events:
                    after = event.id
                    if on_event:
                        on_event(event)
                status = self.status()
                backoff_s = _FIRST_BACKOFF_S
            except QueueUnavailable:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
                time.sleep(backoff_s)
                backoff_s = min(_LONGEST_BACKOFF_S, backoff_s * 2)
                continue
            # A cancelled job's last items still run for a moment; only then is it over.
            if status.state is not JobState.ACTIVE and not status.counts.leased and not (events and on_event):
                return status
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(f"job {self.job_id} has not ended within {timeout_s} s; it goes on")

    def results(self) -> list[ItemResult]:
        """What has ended so far, in the order in which the scenes were given."""
        return list(self.iter_results())

    def iter_results(self) -> Iterator[ItemResult]:
        """The same, one by one, in bounded memory."""
        return self._queue.producer.results(self.job_id)

    def events(self, after: str = "0") -> Iterator[JobEvent]:
        """What happens to the job, from an event id on, until it has ended."""
        while True:
            has_ended = self.status().state is not JobState.ACTIVE
            found = self._queue.producer.events(self.job_id, after, block_s=0.0 if has_ended else _LOOK_S)
            for event in found:
                after = event.id
                yield event
            if has_ended and not found:
                return

    def cancel(self) -> JobStatus:
        """Drop what waits; what runs is stopped within a heartbeat. Idempotent."""
        return self._queue.producer.cancel(self.job_id)

    def download(self, folder: Path | str) -> list[Path]:
        """Copy every finished MP4 into a folder, in parallel, and check each against its checksum.

        Returns:
            The files, in scene order.

        Raises:
            StorageUnavailable, StorageDenied, ObjectNotFound, DiskFull: a delivery failed; it never counts as one.
            InvalidScenes: two results would have one file name.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        ended = [result for result in self.iter_results() if result.state == "done" and result.output]
        paths = [target / f"{result.name}.mp4" for result in ended]
        if len(set(paths)) < len(paths):
            raise InvalidScenes(["two scenes of this job have one name; download them one by one from their addresses"])
        with ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="download") as threads:
            list(threads.map(self._fetch, ended, paths))
        return paths

    def _fetch(self, result: ItemResult, path: Path) -> None:
        copy = path.with_name(f".{path.name}.part")
        try:
            self._storage.get(result.output or "", copy, max_bytes=shutil.disk_usage(path.parent).free)
            expected = result.details.get("sha256")
            if expected and sha256_of(copy) != expected:
                raise StorageUnavailable(f"{result.output} arrived damaged: its checksum differs")
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)
