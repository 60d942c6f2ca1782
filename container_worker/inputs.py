"""Bringing an item's inputs into its scratch folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from scenequeue.errors import BadInput
from scenequeue.film import StitchPayload
from scenequeue.items import INPUT_ROLES, RenderPayload, inputs_of
from scenequeue.storage import UriStorage, sha256_of

#: The word of the renderer, which knows no addresses, for a role that has another name.
_ROLE_OF = {"narration": "audio"}


@dataclass(frozen=True)
class InputFile:
    """A fetched input: where it lies, and what it is."""

    path: Path
    sha256: str


def fetch(payload: RenderPayload, storage: UriStorage, scratch: Path, stop_if_asked: Callable[[], None]) -> dict[str, InputFile]:
    """Copy every input that the scene names; file names are ours, never the caller's.

    Args:
        payload: names the inputs.
        storage: reads them.
        scratch: the item's folder.
        stop_if_asked: called before and during each; what it raises ends the fetching.

    Returns:
        Role -> file; optional roles only where they are named.

    Raises:
        BadInput (also as ObjectNotFound, StorageDenied), StorageUnavailable, DiskFull: naming the role and the address.
    """
    found: dict[str, InputFile] = {}
    for role, uri in inputs_of(payload).items():
        stop_if_asked()
        path = scratch / f"{role}{_ending(uri)}"
        try:
            stored = storage.get(uri, path, stop_if_asked=stop_if_asked)
        except BadInput as error:
            raise type(error)(f"{role}: {error}") from None
        # A silent scene's subtitles may well be empty.
        if not stored.bytes and role != "subtitles":
            raise BadInput(f"{role}: {uri} is empty, 0 bytes")
        found[role] = InputFile(path, sha256_of(path))
    return found


@contextmanager
def naming_addresses(payload: RenderPayload | StitchPayload) -> Iterator[None]:
    """Put the input's address into what is said of an input: `image is …` becomes `image: s3://… is …`."""
    try:
        yield
    except BadInput as error:
        word, _, said = str(error).partition(" ")
        role = _ROLE_OF.get(word, word)
        address = getattr(payload, role, None) if role in INPUT_ROLES else None
        if address is None:
            raise
        raise type(error)(f"{role}: {address} {said}") from None


def _ending(uri: str) -> str:
    ending = PurePosixPath(unquote(urlsplit(uri).path)).suffix.lower()
    return ending if ending[1:].isalnum() and len(ending) <= 6 else ""
