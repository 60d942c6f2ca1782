"""Storage of any URI: s3://, file:// or https://, each by the storage of its scheme."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from scenequeue.errors import BadInput, StorageDenied
from scenequeue.reasons import Code
from scenequeue.settings import SceneburstSettings
from scenequeue.storage import FoundSource, Storage, Stored

if TYPE_CHECKING:
    from scenequeue.storages.files import FileStorage
    from scenequeue.storages.https import HttpsStorage
    from scenequeue.storages.s3 import S3Storage

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UriStorage:
    """Passes each call on to the storage of the URI's scheme. Thread-safe; storages are made when first needed.

    Args:
        settings: the folders for file://, and the largest input and source.
    """

    def __init__(self, settings: SceneburstSettings) -> None:
        self._settings = settings
        self._files: FileStorage | None = None
        self._s3: S3Storage | None = None
        self._https: HttpsStorage | None = None

    def get(
        self,
        uri: str,
        target: Path,
        *,
        max_bytes: int | None = None,
        is_video: bool = False,
        stop_if_asked: Callable[[], None] | None = None,
    ) -> Stored:
        """Copy the object at the URI to a local file; see `Storage.get`.

        The default limit is settings.max_input_bytes, or settings.max_video_bytes for a video that is transcoded.
        """
        limit = self._settings.max_video_bytes if is_video else self._settings.max_input_bytes
        limit = limit if max_bytes is None else max_bytes
        return self._for(uri).get(uri, target, max_bytes=limit, stop_if_asked=stop_if_asked)

    def find_source(self, uri: str) -> FoundSource:
        """Return size and version of a source; see `Storage.find_source`.

        Raises:
            BadInput: also if it has more than settings.max_video_bytes.
        """
        found = self._for(uri).find_source(uri)
        limit = self._settings.max_video_bytes
        if found.bytes is not None and found.bytes > limit:
            raise BadInput(Code.FILE_TOO_LARGE, uri=uri, size=found.bytes, limit=limit)
        return found

    def read_range(
        self, uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None = None
    ) -> None:
        """Copy a span of the object at the URI to the same place of a local file; see `Storage.read_range`."""
        self._for(uri).read_range(uri, begin, end, version=version, target=target, stop_if_asked=stop_if_asked)

    def put(
        self,
        source: Path,
        uri: str,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "application/octet-stream",
        on_bytes: Callable[[int], None] | None = None,
    ) -> Stored:
        """Copy a local file to the URI; see `Storage.put`."""
        return self._for(uri).put(source, uri, metadata=metadata or {}, content_type=content_type, on_bytes=on_bytes)

    def stat(self, uri: str) -> Stored | None:
        """Return the object at the URI, or None; see `Storage.stat`."""
        return self._for(uri).stat(uri)

    def delete_under(self, uri: str) -> None:
        """Delete everything in a working folder of a job; see `Storage.delete_under`."""
        self._for(uri).delete_under(uri)

    def check_writable(self, uri: str) -> None:
        """Check that objects can be put under the URI; see `Storage.check_writable`."""
        self._for(uri).check_writable(uri)

    def presigned(self, uri: str, *, media_type: str, disposition: str, seconds: int) -> str | None:
        """Return an address at which anybody can read the object for some seconds; None where there are no such addresses.

        Arguments and errors as for `S3Storage.presigned`.
        """
        self._for(uri)
        if self._s3 is None or not uri.startswith("s3://"):
            return None
        return self._s3.presigned(uri, media_type=media_type, disposition=disposition, seconds=seconds)

    @contextmanager
    def opened(self, uri: str) -> Iterator[tuple[BinaryIO, int]]:
        """Open a file:// address under the configured folders to read; yields the file and its size in bytes.

        Raises:
            ObjectNotFound, StorageDenied, BadInput: permanent; also for an address of another scheme.
            StorageUnavailable: transient.
        """
        self._for(uri)
        if self._files is None or not uri.startswith("file://"):
            raise StorageDenied(Code.FILE_ADDRESS_MALFORMED, uri=uri)
        with self._files.opened(uri) as (file, facts):
            yield file, facts.st_size

    def _for(self, uri: str) -> Storage:
        scheme = "" if _CONTROL.search(uri) else uri.partition("://")[0]
        # Imported when needed, as boto3 takes a quarter of a second to load.
        if scheme == "file":
            from scenequeue.storages.files import FileStorage

            self._files = self._files or FileStorage(self._settings.file_roots)
            return self._files
        if scheme == "s3":
            from scenequeue.storages.s3 import S3Storage

            self._s3 = self._s3 or S3Storage()
            return self._s3
        if scheme == "https":
            from scenequeue.storages.https import HttpsStorage

            self._https = self._https or HttpsStorage()
            return self._https
        raise StorageDenied(Code.SCHEME_UNKNOWN, uri=uri)
