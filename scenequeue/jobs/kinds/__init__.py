"""Kinds of items as the queue knows them: one file each, named like the kind.

The worker's half, how an item is carried out, is the file of the same name in `container_worker/kinds/`.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast


class QueuedKind(Protocol):
    """A kind's file, as far as the queue and the planner read it."""

    #: Version of its payload. An item of a newer one is left to newer workers.
    VERSION: int
    #: What an item's weight counts.
    UNIT: str


def known_kinds() -> list[str]:
    """Return the names of all kinds, sorted."""
    return sorted(module.name for module in iter_modules(__path__))


def load_kind(name: str) -> QueuedKind:
    """Return a kind's file.

    Raises:
        KeyError: there is none of this name; a name out of a message is never imported.
    """
    if name not in known_kinds():
        raise KeyError(name)
    return cast("QueuedKind", import_module(f"{__name__}.{name}"))
