"""Explains the error of a folder that cannot be made or written to, with what to do."""

import errno
import os
import stat
from pathlib import Path

from scenequeue.reasons import Code, Reason


def obstacle_of(folder: Path) -> Reason | None:
    """Return the reason that a folder cannot be made: a file in its place, or above it; None if there is none."""
    for place in (folder, *folder.parents):
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError):
            return None
        return None if stat.S_ISDIR(mode) else Reason(Code.FILE_IN_THE_WAY, {"path": str(place)})
    return None


def writing_problem(folder: Path, error: OSError) -> Reason | str:
    """Return the reason that a file could not be written into a folder; the system's own text for an error of another sort."""
    if error.errno in {errno.EEXIST, errno.ENOTDIR} and (obstacle := obstacle_of(folder)):
        return obstacle
    if error.errno in {errno.EISDIR, errno.ENOTEMPTY}:
        return Reason(Code.FOLDER_IN_THE_WAY)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Reason(Code.FOLDER_FORBIDDEN, {"folder": str(_nearest(folder)), "user": str(os.geteuid())})
    if error.errno == errno.EROFS:
        return Reason(Code.FOLDER_READ_ONLY, {"folder": str(_nearest(folder))})
    return error.strerror or str(error)


def _nearest(folder: Path) -> Path:
    """Return the folder if it exists, or else the lowest existing one above it."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
