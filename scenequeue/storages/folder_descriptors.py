"""Opens folders under a root by descriptor, so that a symbolic link that is made later cannot lead out of it.

Between the check of a path and its use, a folder on it can be replaced by a link. So each folder is opened from the one
above it without following links, and the last one stays open: files are then opened from its descriptor, not by path.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenequeue.errors import StorageDenied
from scenequeue.reasons import Code

#: O_PATH needs no permission to list the folder.
_FOLDER_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def open_folder(root: Path, folder: Path, *, make: bool = False) -> Iterator[Path]:
    """Yield a path that leads to this folder, and to no other, as long as the block lasts.

    Args:
        root: a trusted folder.
        folder: the root or a folder under it, with its links resolved.
        make: True to make missing folders, the root too.

    Raises:
        StorageDenied: a folder on the path has become a link.
        OSError: a folder cannot be opened or made.
    """
    if make:
        root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, _FOLDER_FLAGS)
    try:
        for name in folder.relative_to(root).parts:
            below = _open_below(descriptor, name, make=make)
            os.close(descriptor)
            descriptor = below
        yield path_by_descriptor(descriptor, folder)
    finally:
        os.close(descriptor)


def path_by_descriptor(descriptor: int, path: Path) -> Path:
    """Return a path that leads to the open descriptor; the path itself where there is no /proc, as on macOS."""
    return _DESCRIPTORS / str(descriptor) if _DESCRIPTORS.exists() else path


def _open_below(folder: int, name: str, *, make: bool) -> int:
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=folder)
    except NotADirectoryError:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise StorageDenied(Code.REPLACED_BY_LINK, name=name) from None
            if make:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        raise
