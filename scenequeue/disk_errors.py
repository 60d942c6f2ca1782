"""Tells that a disk is full, whoever says so."""

import errno

#: What programs write to their error output.
_WORDS = ("No space left on device", "Disk quota exceeded")


def is_full(error: OSError) -> bool:
    """Whether it means that nothing more can be written: the disk is full, or this user's share of it."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def says_full(text: str) -> bool:
    """Whether a program's error output says so."""
    return any(words in text for words in _WORDS)
