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
    """Read a list from every structure and merge the lists into one.

    Args:
        connection: to the queue.
        read: returns the list of one structure, sorted by `order`.
        order: key by which the result is sorted, smallest first; equal values are in the order of the structures, newest first.
        limit: maximum length of the result; None is no limit.
    """
    return list(islice(heapq.merge(*map(read, connection.all), key=order), limit))
