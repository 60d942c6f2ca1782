"""Opens files that a child has made, and refuses anything but regular files of its own."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from container_worker.codes import Code
from scenequeue.errors import ToolFailed
from scenequeue.storages.folder_descriptors import path_by_descriptor

#: Errors of opening a link, a socket or a file without rights; every other error is the machine's.
_NOT_A_FILE = {errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.EACCES, errno.EPERM}


@contextmanager
def open_output(path: Path) -> Iterator[Path | None]:
    """Open an output and provide a path to exactly this file, even if its name is replaced meanwhile; None if there is none.

    Args:
        path: a file directly in a child's folder.

    Raises:
        ToolFailed: it is a link, another name of a file elsewhere, a folder, a pipe or a device.
        OSError: the machine cannot open it, for example without a free descriptor.
    """
    descriptor = _open(path)
    if descriptor is None:
        yield None
        return
    try:
        yield path_by_descriptor(descriptor, path)
    finally:
        os.close(descriptor)


def output_bytes(path: Path) -> int:
    """Return the file's size.

    Raises:
        ToolFailed: as `open_output`, or the file does not exist.
    """
    descriptor = _open(path)
    if descriptor is None:
        raise ToolFailed(Code.RENDERER_MADE_NOTHING, file=path.name)
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _open(path: Path) -> int | None:
    refusal = ToolFailed(Code.RENDERER_LEFT_ANOTHER, file=path.name)
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            # O_NONBLOCK: opening a FIFO must not hang.
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _NOT_A_FILE:
            raise refusal from None
        raise
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise refusal
