"""The interface of a storage: it reads and writes files by URI."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import Field

from scenequeue.jobs.options import FrozenModel

_CHUNK_BYTES = 1024 * 1024


class Stored(FrozenModel):
    """An object at a URI. `sha256` is None where the storage does not know it."""

    uri: str
    bytes: int
    sha256: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)


class FoundSource(FrozenModel):
    """A large object, as it is now."""

    #: None where the storage does not know it.
    bytes: int | None
    #: Identity of the content, which another content at the same address does not have; "" where the storage knows none.
    version: str
    #: False where only the whole object can be read.
    has_ranges: bool = True


class Storage(Protocol):
    """One scheme's storage."""

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None) -> Stored:
        """Copy the object at the URI to a local file, whole or not at all.

        Args:
            uri: the address to read.
            target: the file to write; its folder exists.
            max_bytes: size limit; a larger object is refused.
            stop_if_asked: called during the copy; an exception from it ends the copy, and is raised.

        Raises:
            ObjectNotFound, StorageDenied, BadInput: permanent; no such object, not allowed, or larger than max_bytes.
            StorageUnavailable, DiskFull: transient.
        """
        ...

    def find_source(self, uri: str) -> FoundSource:
        """Return size and version of the object at the URI.

        Raises:
            ObjectNotFound, StorageDenied, BadInput: permanent.
            StorageUnavailable: transient.
        """
        ...

    def read_range(
        self, uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None
    ) -> None:
        """Copy a span of the object at the URI to the same place of a local file.

        Args:
            uri: the address to read.
            begin: first byte.
            end: the byte behind the last one.
            version: of `find_source`; only this content is read.
            target: the open file; after an error it may hold a part of the span.
            stop_if_asked: called during the copy; an exception from it ends the copy, and is raised.

        Raises:
            ObjectNotFound, StorageDenied, BadInput: permanent; the content has changed (SOURCE_CHANGED), or it has no ranges.
            StorageUnavailable, DiskFull: transient.
        """
        ...

    def put(
        self, source: Path, uri: str, *, metadata: Mapping[str, str], content_type: str, on_bytes: Callable[[int], None] | None
    ) -> Stored:
        """Copy a local file to the URI, whole or not at all, with its checksum and metadata; return what `stat` will.

        Raises:
            StorageDenied: permanent.
            StorageUnavailable, DiskFull: transient.
        """
        ...

    def stat(self, uri: str) -> Stored | None:
        """Return the object at the URI with its metadata; None if there is none.

        Raises:
            StorageDenied: permanent.
            StorageUnavailable: transient.
        """
        ...

    def delete_under(self, uri: str) -> None:
        """Delete everything in a working folder of a job (`.sceneburst/<job id>`), or in a folder under one.

        A missing folder is a success. An error leaves a part of it, which another call deletes.

        Raises:
            StorageDenied: permanent; the address is none of a working folder, or deleting there is not allowed.
            StorageUnavailable: transient.
        """
        ...

    def check_writable(self, uri: str) -> None:
        """Check cheaply that objects can be put under the URI.

        Raises:
            StorageDenied: permanent.
            StorageUnavailable: transient.
        """
        ...


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
