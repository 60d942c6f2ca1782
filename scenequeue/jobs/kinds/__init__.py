"""The queue's half of the kinds of items: one file each, named like the kind.

The worker's half, which executes items, is the file of the same name in `container_worker/kinds/`.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast


class QueuedKind(Protocol):
    """The part of a kind's file that the queue and the planner read."""

    #: Version of its payload. Items of a newer version are left to newer workers.
    VERSION: int
    #: Unit of an item's weight.
    UNIT: str


def known_kinds() -> list[str]:
    """Return the names of all kinds, sorted."""
    return sorted(module.name for module in iter_modules(__path__))


def load_kind(name: str) -> QueuedKind:
    """Import a kind's file.

    Raises:
        KeyError: there is no kind with this name; a name from a message is never imported.
    """
    if name not in known_kinds():
        raise KeyError(name)
    return cast("QueuedKind", import_module(f"{__name__}.{name}"))
