"""Lends each child a user id of its own, where the worker is root."""

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Ids that no account has: below 65,536, as containers often map no more; systemd too takes its passing ones from here.
_MIN_UID, _MAX_UID = 61_184, 65_519
_lent: set[int] = set()
_lock = threading.Lock()


@contextmanager
def borrowed_uid(is_wanted: bool) -> Iterator[int | None]:
    """An id that no other child of this worker has meanwhile; None where none is wanted."""
    if not is_wanted:
        yield None
        return
    with _lock:
        uid = secrets.choice([uid for uid in range(_MIN_UID, _MAX_UID + 1) if uid not in _lent])
        _lent.add(uid)
    try:
        yield uid
    finally:
        with _lock:
            _lent.discard(uid)


def hand_over(folder: Path, uid: int | None) -> None:
    """Give the folder to this user; the files in it stay ours, and may be read by it."""
    if uid is None:
        return
    for place, folders, files in os.walk(folder):
        for name in files:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444)
        for name in folders:
            os.chown(Path(place, name), uid, uid, follow_symlinks=False)
    os.chown(folder, uid, uid)
