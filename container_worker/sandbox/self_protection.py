"""Protects the worker's memory and environment, which hold credentials, from its children."""

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def protect_memory() -> None:
    """Forbid processes of the same user to trace this one or read its environment (Linux only); disables core dumps too.

    Root still may, but children of a root worker have lost that capability.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
