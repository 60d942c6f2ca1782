"""Removes the working folders of jobs that are done, cancelled or expired, as far as the jobs' own items have left them."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from dispatcher.decisions.folder_retries import FolderRetries
from scenequeue.errors import BadInput, ItemError, ObjectNotFound, SceneburstError, SettingsError
from scenequeue.jobs.transcode.working_folder import WorkFolder, is_work_folder_of
from scenequeue.queue import SceneQueue
from scenequeue.storages.uri import UriStorage

#: Maximum number of folders that one tick takes.
_FOLDERS = 32
#: Maximum number of places (buckets, or this machine's files) that are worked on at the same time.
_THREADS = 4
#: For this long no dispatcher takes the same folders again; after a crash, the next one takes them then.
_CLAIM_S = 600.0
#: Pause of folders that are due while their place is worked on.
_BUSY_S = 5.0
#: Time that `close` waits for running requests.
_CLOSE_S = 2.0


class FolderSweep:
    """Works in a thread for each place, so that neither a tick nor another place waits for a storage.

    Args:
        queue: knows the folders, and when they may be removed.
        storage: with this program's roots and permissions.
        clock: monotonic seconds.
    """

    def __init__(self, queue: SceneQueue, storage: UriStorage, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue, self._storage, self._clock = queue, storage, clock
        self._retries, self._lock = FolderRetries(), threading.Lock()
        #: Place -> its thread.
        self._running: dict[str, threading.Thread] = {}
        self._stopped = threading.Event()
        self._log = structlog.get_logger()

    def run(self, fence: int) -> None:
        """Begin to remove the folders that are due.

        Args:
            fence: fencing number of the acting dispatcher; with a stale one, nothing is removed.

        Raises:
            QueueUnavailable: transient.
            DispatcherDeposed: another dispatcher acts now.
        """
        self._running = {place: thread for place, thread in self._running.items() if thread.is_alive()}
        by_place = defaultdict(list)
        for folder in self._queue.dispatcher.due_folders(fence, _FOLDERS, _CLAIM_S):
            if is_work_folder_of(folder.address, folder.job_id):
                by_place[_place_of(folder.address)].append(folder)
            else:
                self._log.warning("not the working folder of its job; left alone", job=folder.job_id, address=folder.address)
                self._queue.dispatcher.settle_folders(fence, [folder])
        for place, folders in by_place.items():
            pause_s = self._pause_left_s(place)
            if not pause_s and (place in self._running or len(self._running) >= _THREADS):
                pause_s = _BUSY_S
            if pause_s:
                self._queue.dispatcher.settle_folders(fence, folders, pause_s)
                continue
            # A daemon: an executor's threads would hold up the end of the program as long as a storage does not answer.
            thread = threading.Thread(target=self._remove_all, args=(fence, place, folders), name="folder-sweep", daemon=True)
            self._running[place] = thread
            thread.start()

    def wait(self, limit_s: float) -> bool:
        """Wait for the folders that were begun; return False if some are left after the limit."""
        until_s = self._clock() + limit_s
        for thread in self._running.values():
            thread.join(max(0.0, until_s - self._clock()))
        return not any(thread.is_alive() for thread in self._running.values())

    def close(self) -> None:
        """Remove no further folder; safe twice. A folder that is worked on is left to the next dispatcher."""
        self._stopped.set()
        self.wait(_CLOSE_S)

    def _pause_left_s(self, place: str) -> float:
        with self._lock:
            return self._retries.pause_left_s(place, self._clock())

    def _remove_all(self, fence: int, place: str, folders: Sequence[WorkFolder]) -> None:
        """Remove folders of one place, one by one, until its storage does not answer."""
        left = list(folders)
        try:
            while left and not self._stopped.is_set() and not self._pause_left_s(place):
                self._remove(fence, place, left[0])
                del left[0]
            if left:
                self._queue.dispatcher.settle_folders(fence, left, self._pause_left_s(place))
        except SceneburstError as error:
            self._log.warning("working folders are taken again later", folders=len(left), error=error)

    def _remove(self, fence: int, place: str, folder: WorkFolder) -> None:
        pause_s: float | None = None
        try:
            self._storage.delete_under(folder.address)
        except ObjectNotFound:
            # There is no such bucket.
            pass
        except BadInput as error:
            with self._lock:
                pause_s = self._retries.note_refusal(place, folder)
            if pause_s is None:
                self._log.warning("working folder is given up; delete it by hand", job=folder.job_id, error=error)
            else:
                self._log.warning("working folder is not removed", job=folder.job_id, error=error, retry_in_s=pause_s)
        except (ItemError, SettingsError) as error:
            with self._lock:
                pause_s = self._retries.note_failure(place, self._clock())
            self._log.warning("working folder is not removed", job=folder.job_id, error=error, retry_in_s=pause_s)
        else:
            with self._lock:
                self._retries.note_success(place, folder)
        self._queue.dispatcher.settle_folders(fence, [folder], pause_s)


def _place_of(address: str) -> str:
    """Return the bucket of an address, or the scheme of a local one."""
    scheme, _, rest = address.partition("://")
    return f"s3://{rest.partition('/')[0]}" if scheme == "s3" else scheme
