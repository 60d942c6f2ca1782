"""Names what an item asks of its container: its need."""

from collections.abc import Iterable
from functools import cache
from typing import NewType

from scenequeue.jobs.kinds import known_kinds, load_kind

#: A kind and the version of its items, such as "render/1".
Need = NewType("Need", str)


def need_of(kind: str, version: int = 1) -> Need:
    """Name the need of items of a kind and version."""
    return Need(f"{kind}/{version}")


def need_in(need: str, structure: int, newest: int) -> Need:
    """Name the need of an item as it is known outside the queue's ports: with the structure that it waits in.

    Args:
        need: what the item asks of its container, such as "render/1".
        structure: the structure of keys that it waits in.
        newest: the newest one that the program knows, whose needs bear no number.

    Returns:
        "render/1" in the newest structure, else "render/1@2": a container serves it that knows structure 2 too.
    """
    return Need(need if structure == newest else f"{need}@{structure}")


def split_need(need: str, newest: int) -> tuple[str, int]:
    """Take a name that `need_in` has made apart again: what the item asks of its container, and the structure it waits in."""
    asked, _, structure = need.partition("@")
    return (asked, int(structure)) if structure.isdecimal() else (need, newest)


def needs_of_kinds(kinds: Iterable[str]) -> tuple[Need, ...]:
    """Name the needs that a program serves which knows these kinds: each in its present version and those before."""
    known = set(known_kinds())
    versions = {kind: load_kind(kind).VERSION if kind in known else 1 for kind in kinds}
    return tuple(need_of(kind, version) for kind, newest in versions.items() for version in range(newest, 0, -1))


@cache
def known_needs() -> tuple[Need, ...]:
    """Name the needs of all kinds that there are."""
    return needs_of_kinds(known_kinds())
