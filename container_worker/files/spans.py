"""Copies a source, or some spans of it, into a local file of the source's size, in which everything else is a hole."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from scenequeue.errors import BadInput, StorageUnavailable
from scenequeue.jobs.transcode.source import SourceFile
from scenequeue.jobs.transcode.spans import ReadAt, Span, merge_spans, reading
from scenequeue.reasons import Code
from scenequeue.storage import FoundSource, sha256_of
from scenequeue.storages.uri import UriStorage

#: Finds the spans that are needed of a source, by reading some of it; its second argument is the source's size in bytes.
FindSpans = Callable[[ReadAt, int], Iterable[Span] | None]
#: Copies spans of a source to their places in its local file, which is open for writing.
AddSpans = Callable[[BinaryIO, Iterable[Span]], None]
#: Bytes of one request: what is repeated after an error.
_REQUEST_BYTES = 64 * 1024 * 1024
#: Attempts of one request, without a pause, as storages pause themselves; the item is repeated later.
_ATTEMPTS = 3
#: A version that is that of the bytes themselves.
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Copied(NamedTuple):
    """A copy of a source, or of parts of it."""

    version: str
    #: Spans that the local file holds; nothing for the whole.
    spans: Sequence[Span] = ()


def copy_source(
    uri: str,
    target: Path,
    *,
    storage: UriStorage,
    version: str,
    spans: Iterable[Span],
    find_spans: FindSpans | None,
    stop_if_asked: Callable[[], None],
) -> Copied:
    """Copy a source to a local file.

    Args:
        uri: the source's address.
        target: the file to write; it has the source's size in any case.
        storage: reads it.
        version: of the content that is expected, or its SHA-256; "" for any.
        spans: what is needed; nothing for the whole.
        find_spans: finds what is needed; returns None, or nothing, for the whole.
        stop_if_asked: called during the copy; an exception from it ends the copy.

    Raises:
        BadInput (also as ObjectNotFound, StorageDenied), StorageUnavailable, DiskFull.
    """
    found = storage.find_source(uri)
    if not found.has_ranges or not found.version or found.bytes is None or _SHA256.fullmatch(version):
        return Copied(_copy_whole(uri, target, storage, version, found, stop_if_asked))
    if version and found.version != version:
        raise BadInput(Code.SOURCE_CHANGED, uri=uri)
    with target.open("w+b") as file:
        size = found.bytes
        if find_spans is not None:
            spans = find_spans(_reader(uri, storage, found.version, file, stop_if_asked), size) or ()
        merged = merge_spans(spans, size) or [(0, size)]
        add_spans(uri, file, merged, size=size, storage=storage, version=found.version, stop_if_asked=stop_if_asked)
    return Copied(found.version, () if merged == [(0, size)] else merged)


def add_spans(
    uri: str,
    file: BinaryIO,
    spans: Iterable[Span],
    *,
    size: int,
    storage: UriStorage,
    version: str,
    stop_if_asked: Callable[[], None],
) -> None:
    """Copy spans of a source to their places in a local file, which gets the source's size.

    Args:
        uri: the source's address.
        file: open for reading and writing.
        spans: within the source.
        size: of the source, in bytes.
        storage: reads it.
        version: of the content.
        stop_if_asked: called during the copy; an exception from it ends the copy.

    Raises:
        BadInput (also as ObjectNotFound, StorageDenied), StorageUnavailable, DiskFull.
    """
    file.truncate(size)
    for begin, end in _requests(spans):
        _read(uri, begin, end, storage, version, file, stop_if_asked)


def adding(source: SourceFile, storage: UriStorage, stop_if_asked: Callable[[], None]) -> AddSpans:
    """Return a function that copies further spans of a source into its local file; see `add_spans`."""

    def add(file: BinaryIO, spans: Iterable[Span]) -> None:
        add_spans(
            source.uri, file, spans, size=source.bytes, storage=storage, version=source.version, stop_if_asked=stop_if_asked
        )

    return add


def _copy_whole(
    uri: str, target: Path, storage: UriStorage, version: str, found: FoundSource, stop_if_asked: Callable[[], None]
) -> str:
    """Copy without ranges; a version that the storage does not tell is the SHA-256 of the content."""
    storage.get(uri, target, is_video=True, stop_if_asked=stop_if_asked)
    if _SHA256.fullmatch(version) or not found.version:
        now = sha256_of(target)
    else:
        # Between looking and reading, it may have changed.
        now = storage.find_source(uri).version
        version = version or found.version
    if version and now != version:
        raise BadInput(Code.SOURCE_CHANGED, uri=uri)
    return now


def _reader(uri: str, storage: UriStorage, version: str, file: BinaryIO, stop_if_asked: Callable[[], None]) -> ReadAt:
    read_copied = reading(file)

    def read_at(begin: int, end: int) -> bytes:
        _read(uri, begin, end, storage, version, file, stop_if_asked)
        return read_copied(begin, end)

    return read_at


def _requests(spans: Iterable[Span]) -> Iterator[Span]:
    for begin, end in spans:
        for at in range(begin, end, _REQUEST_BYTES):
            yield at, min(end, at + _REQUEST_BYTES)


def _read(
    uri: str, begin: int, end: int, storage: UriStorage, version: str, file: BinaryIO, stop_if_asked: Callable[[], None]
) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        stop_if_asked()
        try:
            storage.read_range(uri, begin, end, version=version, target=file, stop_if_asked=stop_if_asked)
        except StorageUnavailable:
            if attempt == _ATTEMPTS:
                raise
        else:
            return
