"""The interface of a storage: read and write files by URI."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from pydantic import Field

from scenequeue.jobs.options import FrozenModel

_CHUNK_BYTES = 1024 * 1024


class Stored(FrozenModel):
    """An object at a URI."""

    uri: str
    bytes: int
    sha256: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)


class Storage(Protocol):
    """One scheme's storage."""

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None) -> Stored:
        """Copy what lies at the URI to a local file, which is there whole or not at all.

        Args:
            uri: the address to read.
            target: the file to write.
            max_bytes: largest that is copied.
            stop_if_asked: called while the copy goes on; what it raises ends it.

        Raises:
            ObjectNotFound, StorageDenied, BadInput: permanent; nothing there, not allowed, or larger than max_bytes.
            StorageUnavailable, DiskFull: transient.
        """
        ...

    def put(
        self, source: Path, uri: str, *, metadata: Mapping[str, str], content_type: str, on_bytes: Callable[[int], None] | None
    ) -> Stored:
        """Copy a local file to the URI, whole or not at all, with its checksum and metadata.

        Raises:
            StorageDenied: permanent.
            StorageUnavailable, DiskFull: transient.
        """
        ...

    def stat(self, uri: str) -> Stored | None:
        """Return the object at the URI, with its metadata; None when there is none."""
        ...

    def check_writable(self, uri: str) -> None:
        """Find out cheaply whether something could be put under the URI.

        Raises:
            StorageDenied, StorageUnavailable.
        """
        ...


def sha256_of(path: Path) -> str:
    """The file's SHA-256, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
