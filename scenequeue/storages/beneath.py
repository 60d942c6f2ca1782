"""Opens folders beneath a root by descriptor, so that no link that is put in later leads out of it.

A path that was checked may be another one when it is used. Here each folder is opened from the one above it, links
refused, and the last one is held open: what is done under its descriptor happens in that folder, wherever it is moved.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenequeue.errors import StorageDenied

#: Only to pass through: needs no right to list the folder.
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def opened_folder(root: Path, folder: Path, *, make: bool = False) -> Iterator[Path]:
    """A path to this folder that leads nowhere else as long as the block lasts.

    Args:
        root: a folder that is trusted as it is.
        folder: the root or beneath it, with no link in it when it was resolved.
        make: whether to make what is missing, the root too.

    Raises:
        StorageDenied: there is a link in it now.
        OSError: it cannot be opened or made.
    """
    if make:
        root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, _PASS)
    try:
        for name in folder.relative_to(root).parts:
            below = _open_below(descriptor, name, make=make)
            os.close(descriptor)
            descriptor = below
        yield path_by_descriptor(descriptor, folder)
    finally:
        os.close(descriptor)


def path_by_descriptor(descriptor: int, path: Path) -> Path:
    """A path that leads to what is open under the descriptor; the path itself where there is no /proc, as on macOS."""
    return _DESCRIPTORS / str(descriptor) if _DESCRIPTORS.exists() else path


def _open_below(folder: int, name: str, *, make: bool) -> int:
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
    try:
        return os.open(name, _PASS, dir_fd=folder)
    except NotADirectoryError:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise StorageDenied(f"{name} was replaced by a link while it was opened") from None
            if make:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        raise
