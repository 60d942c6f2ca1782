"""Writes a file atomically: to a temporary file beside it, which is renamed at the end."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenequeue.storages.folder_descriptors import path_by_descriptor


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Write to a temporary file beside the target; rename it on success, delete it on error.

    A killed process leaves its temporary file behind; the next writer of the same target overwrites it.
    """
    # A hash, because with a suffix the target's own name could be longer than a file system allows.
    stem = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    copy = target.with_name(f".{stem}.part")
    descriptor = _open_locked(copy)
    if descriptor is None:  # another writer has the same target
        copy = target.with_name(f".{stem}-{secrets.token_hex(4)}.part")
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        # By descriptor: a file or link that replaces the temporary file by name meanwhile is not written to.
        yield path_by_descriptor(descriptor, copy)
        copy.replace(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _open_locked(path: Path) -> int | None:
    """Open or make a file, and lock it until the descriptor is closed; None if another writer has locked it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between open and lock, another writer may have renamed the file to its target.
        if os.fstat(descriptor).st_ino == path.lstat().st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
