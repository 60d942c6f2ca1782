"""Keeps the worker's memory and environment, which hold credentials, from its children."""

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def protect_memory() -> None:
    """Let no process of the same user trace this one or read its environment (Linux only). There are no core dumps either.

    Root may still; a child of a worker that is root has lost the capability for it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
