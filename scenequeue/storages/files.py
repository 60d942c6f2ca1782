"""Storage of file:// addresses, only under configured folders."""

import contextlib
import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied
from scenequeue.jobs.transcode.working_folder import depth_of_work
from scenequeue.reasons import Code, Reason
from scenequeue.storage import FoundSource, Stored, sha256_of
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.disk_errors import copy_error
from scenequeue.storages.folder_descriptors import open_folder
from scenequeue.storages.links import find_escaping_link
from scenequeue.storages.obstacles import obstacle_of, writing_problem

#: Metadata is kept in an extended attribute of the file, or in a hidden file beside it where the file system has none.
_ATTRIBUTE = "user.sceneburst"
_COPY_BYTES = 1024 * 1024
#: Longest file of metadata that is read.
_MAX_METADATA_BYTES = 64 * 1024
#: Errors of a file that no retry makes accessible.
_DENIED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST},
)

_NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST})


def file_uri(path: Path) -> str:
    """Return the file:// address of a local path."""
    return "file://" + quote(os.fsencode(path.absolute()))


def path_of(uri: str) -> Path:
    """Return the local path of a file:// address; it is not checked against any root.

    Raises:
        StorageDenied: the address names a host, or is not an absolute path.
    """
    scheme, _, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    decoded = unquote_to_bytes(path)
    if scheme != "file" or host not in {"", "localhost"} or not slash or b"\0" in decoded:
        raise StorageDenied(Code.FILE_ADDRESS_MALFORMED, uri=uri)
    return Path("/" + os.fsdecode(decoded))


class FileStorage:
    """Files under `roots`. Symbolic links are resolved before an address is checked, and refused afterwards.

    Args:
        roots: folders that may be read and written; if there are none, every file:// address is refused.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._named = list(roots)
        self._roots = [root.resolve() for root in roots]

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None = None) -> Stored:
        """Copy the file; see Storage.get. Only regular files are read, never devices or pipes."""
        with self.opened(uri) as (source, facts):
            if facts.st_size > max_bytes:
                raise BadInput(Code.FILE_TOO_LARGE, uri=uri, size=facts.st_size, limit=max_bytes)
            received = 0
            try:
                with atomic_write(target) as copy, copy.open("wb") as sink:
                    while chunk := source.read(_COPY_BYTES):
                        if stop_if_asked:
                            stop_if_asked()
                        received += len(chunk)
                        if received > max_bytes:
                            raise BadInput(Code.FILE_GREW, uri=uri, limit=max_bytes)
                        sink.write(chunk)
            except OSError as error:
                # Not `_translating_errors`: a target folder that is gone is no missing input.
                raise copy_error(uri, error) from error
        return Stored(uri=uri, bytes=received)

    def find_source(self, uri: str) -> FoundSource:
        """Return the file's size; the version consists of size, time of change and inode. See Storage.find_source."""
        with self.opened(uri) as (_source, facts):
            return FoundSource(bytes=facts.st_size, version=_version(facts))

    def read_range(
        self, uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None = None
    ) -> None:
        """Read a span; whether the file has changed is looked at before and after. See Storage.read_range."""
        with self.opened(uri) as (source, facts):
            left = end - begin
            try:
                source.seek(begin)
                target.seek(begin)
                while left > 0 and (chunk := source.read(min(_COPY_BYTES, left))):
                    if stop_if_asked:
                        stop_if_asked()
                    target.write(chunk)
                    left -= len(chunk)
            except OSError as error:
                raise copy_error(uri, error) from error
            if {_version(facts), _version(os.fstat(source.fileno()))} != {version} or left > 0:
                raise BadInput(Code.SOURCE_CHANGED, uri=uri)

    def put(
        self,
        source: Path,
        uri: str,
        *,
        metadata: Mapping[str, str],
        content_type: str,  # noqa: ARG002  a file system has none
        on_bytes: Callable[[int], None] | None = None,
    ) -> Stored:
        """Copy to a temporary file beside the target, sync it, rename it; see Storage.put."""
        root, checked = self._checked(uri)
        size = source.stat().st_size
        kept = {**metadata, "sha256": sha256_of(source)}
        with _translating_write_errors(uri, checked.parent), open_folder(root, checked.parent, make=True) as folder:
            path = folder / checked.name
            with atomic_write(path) as copy:
                shutil.copyfile(source, copy)
                _sync(copy)
                _write_metadata(copy, path, kept)
            _sync(path.parent)
        if on_bytes:
            on_bytes(size)
        return Stored(uri=uri, bytes=size, sha256=kept["sha256"], metadata=kept)

    def stat(self, uri: str) -> Stored | None:
        """Return the file at the URI; see Storage.stat."""
        root, checked = self._checked(uri)
        try:
            with _translating_errors(uri), open_folder(root, checked.parent) as folder:
                path = folder / checked.name
                facts = path.lstat()
                if stat.S_ISLNK(facts.st_mode):
                    raise StorageDenied(Code.REPLACED_BY_LINK, name=uri)
                metadata = _read_metadata(path, facts)
        except ObjectNotFound:
            return None
        return Stored(uri=uri, bytes=facts.st_size, sha256=metadata.get("sha256"), metadata=metadata)

    def delete_under(self, uri: str) -> None:
        """Delete the folder, and those above it up to `.sceneburst` that it leaves empty; see Storage.delete_under."""
        root, path = self._checked(uri)
        # Of the path with its links resolved: a working folder that is a link may lead anywhere under the root.
        parts = path.relative_to(root).parts
        depth = depth_of_work(uri, parts)
        with _translating_write_errors(uri, path.parent):
            with contextlib.suppress(FileNotFoundError), open_folder(root, path.parent) as folder:
                shutil.rmtree(folder / path.name)
            for length in range(len(parts) - 1, depth, -1):
                above = root.joinpath(*parts[:length])
                try:
                    with contextlib.suppress(FileNotFoundError), open_folder(root, above.parent) as folder:
                        (folder / above.name).rmdir()
                except OSError as error:
                    if error.errno not in _NOT_EMPTY:
                        raise
                    return

    def check_writable(self, uri: str) -> None:
        """Make the folder and a file in it, and delete the file again; see Storage.check_writable."""
        root, checked = self._checked(uri)
        with _translating_write_errors(uri, checked), open_folder(root, checked, make=True) as folder:
            probe = folder / f".sceneburst-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()

    @contextmanager
    def opened(self, uri: str) -> Iterator[tuple[BinaryIO, os.stat_result]]:
        """Open a regular file to read; errors as of `get`."""
        root, path = self._checked(uri)
        with _translating_errors(uri), open_folder(root, path.parent) as folder:
            source = open(folder / path.name, "rb", opener=_open_no_follow)  # noqa: SIM115  closed below
        with source:
            facts = os.fstat(source.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise BadInput(Code.NOT_REGULAR_FILE, uri=uri)
            yield source, facts

    def _checked(self, uri: str) -> tuple[Path, Path]:
        """Return a root, and the address's path under it with all links resolved."""
        named = path_of(uri)
        try:
            path = named.resolve()
        except (OSError, RuntimeError):
            raise StorageDenied(Code.CIRCLE_OF_LINKS, uri=uri) from None
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        if root is None:
            link = find_escaping_link(named, self._named)
            if link is None:
                raise StorageDenied(Code.OUTSIDE_ROOTS, uri=uri)
            raise StorageDenied(Code.LINK_OUT_OF_ROOTS, uri=uri, link=str(link))
        # A root may be a single file; it is opened from the folder above it.
        return (root.parent if path == root else root), path


@contextmanager
def _translating_errors(uri: str) -> Iterator[None]:
    """Translate errors of reading the file at the URI."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ObjectNotFound(Code.FILE_MISSING, uri=uri) from None
    except PermissionError as error:
        problem = Reason(Code.FILE_UNREADABLE, {"user": str(os.geteuid())})
        raise StorageDenied(Code.ADDRESS_REFUSED, uri=uri, problem=problem) from error
    except OSError as error:
        if error.errno in _DENIED:
            raise StorageDenied(Code.ADDRESS_REFUSED, uri=uri, problem=str(error.strerror)) from error
        raise copy_error(uri, error) from error


@contextmanager
def _translating_write_errors(uri: str, folder: Path) -> Iterator[None]:
    """Translate errors of writing the file at the URI into its folder."""
    try:
        yield
    except OSError as error:
        if error.errno in _DENIED or obstacle_of(folder):
            raise StorageDenied(Code.ADDRESS_REFUSED, uri=uri, problem=writing_problem(folder, error)) from error
        raise copy_error(uri, error) from error


def _version(facts: os.stat_result) -> str:
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_no_follow(path: str, flags: int) -> int:
    # O_NONBLOCK: opening a FIFO must not hang.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _metadata_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.meta.json")


def _write_metadata(copy: Path, path: Path, metadata: Mapping[str, str]) -> None:
    """Write the metadata of `copy`, which will be renamed to `path`. After a crash in between it does not match the file."""
    facts = copy.stat()
    text = json.dumps({**metadata, "bytes": str(facts.st_size), "mtime_ns": str(facts.st_mtime_ns)})
    try:
        os.setxattr(copy, _ATTRIBUTE, text.encode())
    except (OSError, AttributeError):
        # Metadata only saves work: without it, a scene is rendered again that could have been reused.
        with contextlib.suppress(OSError), atomic_write(_metadata_file(path)) as file:
            file.write_text(text)


def _read_metadata(path: Path, facts: os.stat_result) -> dict[str, str]:
    """Return the metadata that the file was put with; none if the file has changed since."""
    try:
        text = os.getxattr(path, _ATTRIBUTE, follow_symlinks=False)
    except (OSError, AttributeError):
        try:
            with open(_metadata_file(path), "rb", opener=_open_no_follow) as file:
                text = file.read(_MAX_METADATA_BYTES)
        except OSError:
            return {}
    try:
        metadata = {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}
    is_current = (metadata.pop("bytes", ""), metadata.pop("mtime_ns", "")) == (str(facts.st_size), str(facts.st_mtime_ns))
    return metadata if is_current else {}
