"""Local files to addresses that workers can read: in place, or uploaded once under their content's hash."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scenequeue.storage import UriStorage, sha256_of
from scenequeue.storage_files import file_uri


class Uploader:
    """Gives every local file an address; the same file, or the same content, is uploaded once.

    Args:
        storage: where to.
        prefix: URI prefix to upload under; None leaves files where they are, as file:// addresses.
        threads: parallel uploads.
    """

    def __init__(self, storage: UriStorage, prefix: str | None, threads: int) -> None:
        self._storage, self._prefix = storage, prefix
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="upload")
        self._addresses: dict[Path, str] = {}
        self._lock = threading.Lock()

    def addresses(self, files: Iterable[Path], on_file: Callable[[], None] | None = None) -> dict[Path, str]:
        """The address of each file, uploading those that are not there yet, in parallel.

        Args:
            files: existing local files, any number of times each.
            on_file: called after each file that was new.

        Raises:
            StorageUnavailable, StorageDenied, DiskFull: an upload failed; doing all again uploads only what is missing.
        """
        wanted = set(files)
        if self._prefix is None:
            return {path: file_uri(path) for path in wanted}
        new = [path for path in wanted if path not in self._addresses]
        for path, address in zip(new, self._threads.map(self._upload, new), strict=True):
            with self._lock:
                self._addresses[path] = address
            if on_file:
                on_file()
        return {path: self._addresses[path] for path in wanted}

    def _upload(self, path: Path) -> str:
        address = f"{(self._prefix or '').rstrip('/')}/{sha256_of(path)}{path.suffix.lower()}"
        if self._storage.stat(address) is None:
            self._storage.put(path, address)
        return address

    def close(self) -> None:
        """End the threads; safe twice."""
        self._threads.shutdown(wait=True, cancel_futures=True)
