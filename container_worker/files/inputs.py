"""Copies an item's inputs into its scratch folder."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from container_worker.codes import Code
from container_worker.files.spans import Copied, FindSpans, copy_source
from scenequeue.errors import BadInput, ItemError
from scenequeue.jobs.transcode.spans import Span
from scenequeue.reasons import Reason
from scenequeue.storage import sha256_of
from scenequeue.storages.uri import UriStorage


@dataclass(frozen=True)
class Input:
    """A file that an item needs."""

    #: Name in the kind's code, and in messages unless it is called otherwise; unique within the item.
    role: str
    uri: str
    #: Name in the scratch folder; chosen by us, never by the caller.
    file_name: str
    may_be_empty: bool = False
    #: The renderer's name for it in messages, if that is neither the role nor the file's name; the renderer knows no addresses.
    word: str = ""
    #: Its name in messages, where that is no field's.
    called: Reason | None = None
    #: Largest size, for a file that the job's own items have written; None for the limit of other files.
    max_bytes: int | None = None
    #: Of a source, which may have up to settings.max_video_bytes: the storage's identity of the content that is expected, or ""
    #: for any. None for any other input.
    version: str | None = None
    #: Spans of a source that are needed: its file has the source's size, and holes between these. Empty for the whole.
    ranges: Sequence[Span] = ()
    #: Finds these, instead.
    find_ranges: FindSpans | None = None

    @property
    def name(self) -> str | Reason:
        """Its name in messages."""
        return self.called or self.role


@dataclass(frozen=True)
class InputFile:
    """A fetched input."""

    path: Path
    #: Of the content; of a source, which may be large and have holes, a hash of its version and spans instead.
    sha256: str
    #: Of a source: the storage's identity of its content.
    version: str = ""
    #: Of a source: what the file holds; nothing for the whole.
    spans: Sequence[Span] = ()


def fetch(inputs: Iterable[Input], storage: UriStorage, scratch: Path, stop_if_asked: Callable[[], None]) -> dict[str, InputFile]:
    """Copy the inputs into a folder, one after the other.

    Args:
        inputs: the inputs; each is requested from the iterable only after the one before it was copied.
        storage: reads them.
        scratch: the item's folder.
        stop_if_asked: called before and during each copy; an exception from it ends the copying.

    Returns:
        Role -> file, in the order of the inputs.

    Raises:
        BadInput (also as ObjectNotFound, StorageDenied), StorageUnavailable, DiskFull: naming the role and the address.
    """
    found: dict[str, InputFile] = {}
    for wanted in inputs:
        stop_if_asked()
        path = scratch / wanted.file_name
        try:
            copied = _copy(wanted, path, storage, stop_if_asked)
        except ItemError as error:
            raise type(error)(error.reason.with_parameters(input=wanted.name)) from None
        if not path.stat().st_size and not wanted.may_be_empty:
            raise BadInput(Code.FILE_EMPTY, input=wanted.name, uri=wanted.uri)
        found[wanted.role] = InputFile(path, _hash_of(wanted, path, copied), copied.version, copied.spans)
    return found


def _copy(wanted: Input, path: Path, storage: UriStorage, stop_if_asked: Callable[[], None]) -> Copied:
    """Copy an input; only a source has a version, or spans."""
    if wanted.version is None:
        storage.get(wanted.uri, path, max_bytes=wanted.max_bytes, stop_if_asked=stop_if_asked)
        return Copied("")
    return copy_source(
        wanted.uri, path, storage=storage, version=wanted.version, spans=wanted.ranges, find_spans=wanted.find_ranges,
        stop_if_asked=stop_if_asked,
    )  # fmt: skip


def _hash_of(wanted: Input, path: Path, copied: Copied) -> str:
    if wanted.version is None:
        return sha256_of(path)
    return hashlib.sha256(repr((copied.version, [tuple(span) for span in copied.spans])).encode()).hexdigest()


@contextmanager
def naming_addresses(inputs: Iterable[Input]) -> Iterator[None]:
    """Add an input's address to errors about it: `image is …` becomes `image: s3://… is …`."""
    try:
        yield
    except ItemError as error:
        by_word = {word: wanted for wanted in inputs for word in (wanted.file_name, wanted.role, wanted.word) if word}
        word = error.reason.parameters.get("input")
        named = by_word.get(word) if isinstance(word, str) else None
        if named is None:
            raise
        at = Reason(Code.INPUT_AT, {"input": named.name, "uri": named.uri})
        raise type(error)(error.reason.with_parameters(input=at)) from None


def ending_of(uri: str) -> str:
    """Return the address's file ending, such as `.jpg`, if it is a common one; else ""."""
    ending = PurePosixPath(unquote(urlsplit(uri).path)).suffix.lower()
    return ending if ending[1:].isalnum() and len(ending) <= 6 else ""
