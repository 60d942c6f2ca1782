"""Copies an item's inputs into its scratch folder."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from container_worker.codes import Code
from scenequeue.errors import BadInput, ItemError
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
    #: True for a video that is transcoded, which may be larger than other inputs.
    is_video: bool = False
    #: SHA-256 of the content that is expected; None expects nothing.
    sha256: str | None = None
    #: The renderer's name for it in messages, if that is neither the role nor the file's name; the renderer knows no addresses.
    word: str = ""
    #: Its name in messages, where that is no field's.
    called: Reason | None = None
    #: Largest size, for a file that the job's own items have written; None for the limit of other files.
    max_bytes: int | None = None

    @property
    def name(self) -> str | Reason:
        """Its name in messages."""
        return self.called or self.role


@dataclass(frozen=True)
class InputFile:
    """A fetched input."""

    path: Path
    sha256: str


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
            stored = storage.get(
                wanted.uri, path, max_bytes=wanted.max_bytes, is_video=wanted.is_video, stop_if_asked=stop_if_asked
            )
        except ItemError as error:
            raise type(error)(error.reason.with_parameters(input=wanted.name)) from None
        if not stored.bytes and not wanted.may_be_empty:
            raise BadInput(Code.FILE_EMPTY, input=wanted.name, uri=wanted.uri)
        digest = sha256_of(path)
        if wanted.sha256 not in {None, digest}:
            raise BadInput(Code.INPUT_CHANGED, input=wanted.name, uri=wanted.uri)
        found[wanted.role] = InputFile(path, digest)
    return found


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
