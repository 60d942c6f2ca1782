"""Recognises a full disk, in errors of Python and in the output of programs."""

import errno

from scenequeue.errors import DiskFull, StorageUnavailable
from scenequeue.reasons import Code

#: Texts that programs write to their error output.
_MESSAGES = ("No space left on device", "Disk quota exceeded")


def is_full(error: OSError) -> bool:
    """Return True for an error of a full disk or a used-up quota."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def says_full(text: str) -> bool:
    """Return True for a program's error output that names a full disk or a used-up quota."""
    return any(message in text for message in _MESSAGES)


def copy_error(uri: str, error: OSError) -> DiskFull | StorageUnavailable:
    """Translate an error that ended a copy to or from the URI; both kinds are transient."""
    if is_full(error):
        return DiskFull(Code.NO_SPACE, uri=uri)
    return StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=error.strerror or str(error))
