"""file:// addresses, only under configured folders."""

import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from scenequeue.errors import BadInput, DiskFull, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.storage import Stored, sha256_of

#: Metadata lies in one extended attribute of the file, where the file system has them.
_ATTRIBUTE = "user.sceneburst"


def file_uri(path: Path) -> str:
    """The file:// address of a local path."""
    return "file://" + quote(str(path.absolute()))


def path_of(uri: str) -> Path:
    """The local path of a file:// address, not checked against anything.

    Raises:
        StorageDenied: it names a host, or is not an absolute path.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not path.startswith("/") or "\0" in path:
        raise StorageDenied(f"{uri!r} is not a file:// address of an absolute path")
    return Path(path)


class FileStorage:
    """Files under `roots`. Symbolic links are followed before an address is judged.

    Args:
        roots: folders; with none, every file:// address is refused.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = [root.resolve() for root in roots]

    def get(self, uri: str, target: Path, *, max_bytes: int) -> Stored:
        """Copy the file; see Storage.get. Only regular files are read, never devices or pipes."""
        path = self._checked(uri)
        with _translated(uri):
            # Non-blocking, so that a pipe in a file's place cannot hold us before it is seen for what it is.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as source:
                facts = os.fstat(descriptor)
                if not stat.S_ISREG(facts.st_mode):
                    raise BadInput(f"{uri} is not a regular file")
                if facts.st_size > max_bytes:
                    raise BadInput(f"{uri} has {facts.st_size} bytes; at most {max_bytes} are allowed")
                with whole(target) as copy, copy.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1024 * 1024)
        return Stored(uri=uri, bytes=facts.st_size)

    def put(
        self,
        source: Path,
        uri: str,
        *,
        metadata: Mapping[str, str],
        content_type: str,  # noqa: ARG002  a file system keeps none
        on_bytes: Callable[[int], None] | None = None,
    ) -> Stored:
        """Copy next to the target, sync, rename; see Storage.put."""
        path = self._checked(uri)
        size = source.stat().st_size
        digest = sha256_of(source)
        with _translated(uri):
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as copy:
                shutil.copyfile(source, copy)
                _write_metadata(copy, {**metadata, "sha256": digest})
                with copy.open("rb") as written:
                    os.fsync(written.fileno())
        if on_bytes:
            on_bytes(size)
        return Stored(uri=uri, bytes=size, sha256=digest, metadata=dict(metadata))

    def stat(self, uri: str) -> Stored | None:
        """What lies there; see Storage.stat."""
        path = self._checked(uri)
        try:
            facts = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageDenied(f"{uri} cannot be looked at: {error.strerror}") from None
        metadata = _read_metadata(path)
        return Stored(uri=uri, bytes=facts.st_size, sha256=metadata.get("sha256"), metadata=metadata)

    def check_writable(self, uri: str) -> None:
        """Make the folder and a file in it, and take the file away again."""
        folder = self._checked(uri)
        with _translated(uri):
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".sceneburst-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()

    def _checked(self, uri: str) -> Path:
        path = path_of(uri).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            raise StorageDenied(f"{uri} is outside the folders that SCENEBURST_FILE_ROOTS allows")
        return path


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary neighbour that becomes the target when all went well, and is gone otherwise."""
    copy = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        yield copy
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ObjectNotFound(f"{uri}: no such file") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"{uri}: no space left on the device") from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST}:
            raise StorageDenied(f"{uri}: {error.strerror}") from error
        raise StorageUnavailable(f"{uri}: {error.strerror}") from error


def _write_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    try:
        os.setxattr(path, _ATTRIBUTE, json.dumps(dict(metadata)).encode())
    except (OSError, AttributeError):
        # Without metadata a scene is rendered again where it could have been reused; nothing else is lost.
        return


def _read_metadata(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(os.getxattr(path, _ATTRIBUTE)))
    except (OSError, AttributeError, ValueError):
        return {}
