"""Lends each child of a root worker a user id of its own."""

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Ids that no account has: the range of systemd's dynamic users, below 65,536 because containers often map no more.
_MIN_UID, _MAX_UID = 61_184, 65_519
_lent: set[int] = set()
_lock = threading.Lock()


@contextmanager
def borrowed_uid(is_wanted: bool) -> Iterator[int | None]:
    """Lend an id that no other child of this worker has at the time; None if none is wanted."""
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
    """Make this user the owner of the folder; the files in it keep their owner and become readable."""
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
