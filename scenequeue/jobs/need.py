"""Names the requirements of items on their containers: needs."""

from collections.abc import Iterable
from functools import cache
from typing import NewType

from scenequeue.jobs.kinds import known_kinds, load_kind

#: A kind and the version of its items, such as "render/1".
Need = NewType("Need", str)


def need_of(kind: str, version: int = 1) -> Need:
    """Return the need of items of a kind and version."""
    return Need(f"{kind}/{version}")


def need_in(need: str, structure: int, newest: int) -> Need:
    """Return the need of an item as it is named outside the queue's ports: with the structure that it waits in.

    Args:
        need: the item's own need, such as "render/1".
        structure: the structure of keys that it waits in.
        newest: the newest structure that the program knows; its needs have no number.

    Returns:
        "render/1" in the newest structure, else "render/1@2", which containers serve that know structure 2 too.
    """
    return Need(need if structure == newest else f"{need}@{structure}")


def split_need(need: str, newest: int) -> tuple[str, int]:
    """Split a name made by `need_in` into the item's own need, and the structure that it waits in."""
    asked, _, structure = need.partition("@")
    return (asked, int(structure)) if structure.isdecimal() else (need, newest)


def needs_of_kinds(kinds: Iterable[str]) -> tuple[Need, ...]:
    """Return the needs of a program that knows these kinds: each in its current version and all earlier ones."""
    known = set(known_kinds())
    versions = {kind: load_kind(kind).VERSION if kind in known else 1 for kind in kinds}
    return tuple(need_of(kind, version) for kind, newest in versions.items() for version in range(newest, 0, -1))


@cache
def known_needs() -> tuple[Need, ...]:
    """Return the needs of all known kinds."""
    return needs_of_kinds(known_kinds())
