"""Recognises a full disk, in errors of Python and in the output of programs."""

import errno

#: What programs write to their error output.
_WORDS = ("No space left on device", "Disk quota exceeded")


def is_full(error: OSError) -> bool:
    """True for an error of a full disk or a used-up quota."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def says_full(text: str) -> bool:
    """True for a program's error output that names a full disk or a used-up quota."""
    return any(words in text for words in _WORDS)
