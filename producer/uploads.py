"""Makes local files readable for workers: in place, or uploaded once under the hash of their content."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from producer.codes import Code
from scenequeue.errors import StorageUnavailable
from scenequeue.storage import sha256_of
from scenequeue.storages.files import file_uri
from scenequeue.storages.uri import UriStorage


class Uploader:
    """Returns an address for every local file; the same file, or the same content, is uploaded once.

    Args:
        storage: the target of uploads.
        prefix: URI prefix to upload under; None leaves files where they are, as file:// addresses.
        threads: parallel uploads.
        on_file: called with the number of files so far, after each.
    """

    def __init__(
        self, storage: UriStorage, prefix: str | None, threads: int, on_file: Callable[[int], None] | None = None
    ) -> None:
        self._storage, self._prefix = storage, prefix
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="upload")
        self._on_file = on_file
        self._addresses: dict[Path, str] = {}

    def addresses(self, files: Iterable[Path]) -> dict[Path, str]:
        """Return the address of each file; upload those that are not stored yet, in parallel.

        Args:
            files: existing local files, possibly repeated.

        Raises:
            StorageUnavailable, StorageDenied, DiskFull: an upload failed; a repetition uploads only the missing files.
        """
        wanted = set(files)
        if self._prefix is None:
            return {path: file_uri(path) for path in wanted}
        new = [path for path in wanted if path not in self._addresses]
        for path, address in zip(new, self._threads.map(self._upload, new), strict=True):
            self._addresses[path] = address
            if self._on_file:
                self._on_file(len(self._addresses))
        return {path: self._addresses[path] for path in wanted}

    def _upload(self, path: Path) -> str:
        digest = sha256_of(path)
        address = f"{(self._prefix or '').rstrip('/')}/{digest}{path.suffix.lower()}"
        known = self._storage.stat(address)
        # The name is the content's hash, so a partial or changed file must not stay under it.
        if known is not None and known.bytes == path.stat().st_size:
            return address
        if self._storage.put(path, address).sha256 != digest:
            raise StorageUnavailable(Code.CHANGED_WHILE_UPLOADED, path=str(path))
        return address

    def close(self) -> None:
        """End the threads; safe twice."""
        self._threads.shutdown(wait=True, cancel_futures=True)
