"""Merges the lists of several structures of keys into one."""

import heapq
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from scenequeue.structure.connection import Connection

_T = TypeVar("_T")


def merged(
    connection: Connection, read: Callable[[Connection], Iterable[_T]], order: Callable[[_T], Any], limit: int | None = None
) -> list[_T]:
    """Read something of every structure, each in its own order, and merge it by a key, the least first; newest structures first
    among equals.
    """
    return list(islice(heapq.merge(*map(read, connection.all), key=order), limit))
