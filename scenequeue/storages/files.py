"""file:// addresses, only under configured folders."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from scenequeue.errors import BadInput, DiskFull, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.quoted import quoted
from scenequeue.storage import Stored, sha256_of
from scenequeue.storages.beneath import opened_folder, path_by_descriptor
from scenequeue.storages.disk_errors import is_full
from scenequeue.storages.links import link_leaving

#: Metadata lies in one extended attribute of the file, or in a hidden neighbour where the file system has none.
_ATTRIBUTE = "user.sceneburst"
_COPY_BYTES = 1024 * 1024
_NOTE_BYTES = 64 * 1024


def file_uri(path: Path) -> str:
    """The file:// address of a local path."""
    return "file://" + quote(os.fsencode(path.absolute()))


def path_of(uri: str) -> Path:
    """The local path of a file:// address, not checked against anything.

    Raises:
        StorageDenied: it names a host, or is not an absolute path.
    """
    scheme, _, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    decoded = unquote_to_bytes(path)
    if scheme != "file" or host not in {"", "localhost"} or not slash or b"\0" in decoded:
        raise StorageDenied(f"{quoted(uri)} is not a file:// address of an absolute path")
    return Path("/" + os.fsdecode(decoded))


class FileStorage:
    """Files under `roots`. Symbolic links are followed before an address is judged, and none afterwards.

    Args:
        roots: folders; with none, every file:// address is refused.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._named = list(roots)
        self._roots = [root.resolve() for root in roots]

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None = None) -> Stored:
        """Copy the file; see Storage.get. Only regular files are read, never devices or pipes."""
        root, path = self._checked(uri)
        with _translated(uri), opened_folder(root, path.parent) as folder:
            # O_NONBLOCK: opening a FIFO must not hang.
            descriptor = os.open(folder / path.name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as source:
                facts = os.fstat(descriptor)
                if not stat.S_ISREG(facts.st_mode):
                    raise BadInput(f"{uri} is not a regular file")
                if facts.st_size > max_bytes:
                    raise BadInput(f"{uri} has {facts.st_size} bytes; at most {max_bytes} are allowed")
                with whole(target) as copy, copy.open("wb") as sink:
                    received = 0
                    while chunk := source.read(_COPY_BYTES):
                        if stop_if_asked:
                            stop_if_asked()
                        received += len(chunk)
                        if received > max_bytes:
                            raise BadInput(f"{uri} grew beyond the {max_bytes} bytes that are allowed")
                        sink.write(chunk)
        return Stored(uri=uri, bytes=received)

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
        root, checked = self._checked(uri)
        size = source.stat().st_size
        digest = sha256_of(source)
        with _translated(uri), opened_folder(root, checked.parent, make=True) as folder:
            path = folder / checked.name
            with whole(path) as copy:
                shutil.copyfile(source, copy)
                _sync(copy)
                _write_metadata(copy, path, {**metadata, "sha256": digest})
            _sync(path.parent)
        if on_bytes:
            on_bytes(size)
        return Stored(uri=uri, bytes=size, sha256=digest, metadata=dict(metadata))

    def stat(self, uri: str) -> Stored | None:
        """Return the file at the URI; see Storage.stat."""
        root, checked = self._checked(uri)
        try:
            with _translated(uri), opened_folder(root, checked.parent) as folder:
                path = folder / checked.name
                facts = path.lstat()
                if stat.S_ISLNK(facts.st_mode):
                    raise StorageDenied(f"{uri} was replaced by a link while it was opened")
                metadata = _read_metadata(path, facts)
        except ObjectNotFound:
            return None
        return Stored(uri=uri, bytes=facts.st_size, sha256=metadata.get("sha256"), metadata=metadata)

    def check_writable(self, uri: str) -> None:
        """Make the folder and a file in it, and take the file away again."""
        root, checked = self._checked(uri)
        with _translated(uri), opened_folder(root, checked, make=True) as folder:
            probe = folder / f".sceneburst-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()

    def _checked(self, uri: str) -> tuple[Path, Path]:
        """A root, and the path beneath it without links."""
        named = path_of(uri)
        try:
            path = named.resolve()
        except (OSError, RuntimeError):
            raise StorageDenied(f"{uri} leads in a circle of symbolic links") from None
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        if root is None:
            link = link_leaving(named, self._named)
            if link is None:
                raise StorageDenied(f"{uri} is outside the folders that SCENEBURST_FILE_ROOTS allows")
            raise StorageDenied(
                f"{uri} leads through the link {link} out of the folders that SCENEBURST_FILE_ROOTS allows: "
                "put what it names in its place, or add the folder that it leads to"
            )
        # The root itself, which may be a single file, is opened from the folder above it.
        return (root.parent if path == root else root), path


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary neighbour that becomes the target when all went well, and is gone otherwise.

    What a killed process leaves of one is written over by the next that has the same target.
    """
    # Not the target's name itself, which may be as long as a name can be.
    stem = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    copy = target.with_name(f".{stem}.part")
    descriptor = _claim(copy)
    if descriptor is None:  # somebody else is writing to the same target
        copy = target.with_name(f".{stem}-{secrets.token_hex(4)}.part")
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        # By descriptor: what is put in the place of its name meanwhile is not written to.
        yield path_by_descriptor(descriptor, copy)
        copy.replace(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _claim(path: Path) -> int | None:
    """The file, made or found, that nobody else has claimed as long as the descriptor is open; None if somebody has."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another may have claimed it first, and have moved it to its target since.
        if os.fstat(descriptor).st_ino == path.lstat().st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ObjectNotFound(f"{uri}: no such file") from None
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"{uri}: no space left on the device") from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST}:
            raise StorageDenied(f"{uri}: {error.strerror}") from error
        raise StorageUnavailable(f"{uri}: {error.strerror}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _neighbour(path: Path) -> Path:
    return path.with_name(f".{path.name}.meta.json")


def _write_metadata(copy: Path, path: Path, metadata: Mapping[str, str]) -> None:
    """Note what `copy`, which is about to become `path`, holds. A crash in between leaves a note that does not match."""
    facts = copy.stat()
    text = json.dumps({**metadata, "bytes": str(facts.st_size), "mtime_ns": str(facts.st_mtime_ns)})
    try:
        os.setxattr(copy, _ATTRIBUTE, text.encode())
    except (OSError, AttributeError):
        # Without metadata a scene is rendered again where it could have been reused; nothing else is lost.
        with contextlib.suppress(OSError), whole(_neighbour(path)) as note:
            note.write_text(text)


def _read_metadata(path: Path, facts: os.stat_result) -> dict[str, str]:
    """Return the metadata noted when the file was put; nothing when the file has changed since."""
    try:
        text = os.getxattr(path, _ATTRIBUTE, follow_symlinks=False)
    except (OSError, AttributeError):
        try:
            with open(_neighbour(path), "rb", opener=_no_link) as note:
                text = note.read(_NOTE_BYTES)
        except OSError:
            return {}
    try:
        metadata = {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}
    is_current = (metadata.pop("bytes", ""), metadata.pop("mtime_ns", "")) == (str(facts.st_size), str(facts.st_mtime_ns))
    return metadata if is_current else {}
