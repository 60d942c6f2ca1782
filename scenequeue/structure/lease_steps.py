"""Runs the steps that end or prolong leases, on the structures that hold them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from scenequeue.jobs.item import Lease
from scenequeue.structure.connection import Connection
from scenequeue.structure.lease_messages import triples_of

_T = TypeVar("_T")


def by_structure(
    connection: Connection, entries: Sequence[_T], lease_of: Callable[[_T], Lease]
) -> Iterator[tuple[Connection, Sequence[_T]]]:
    """Group values by the structure of their lease, newest first; a structure without any is left out."""
    for each in connection.all:
        some = entries
        if connection.older:
            some = [entry for entry in entries if connection.of(lease_of(entry).structure) is each]
        if some:
            yield each, some


def run_on_leases(
    connection: Connection, script: str, container_id: str, words: Sequence[str | int], leases: Sequence[Lease]
) -> list[Lease]:
    """Run a step on leases, those of each structure together; returns those that it refuses."""
    refused: list[Lease] = []
    for each, some in by_structure(connection, leases, lambda lease: lease):
        refused += refused_of(some, each.run(script, container_id, *words, *triples_of(some)))
    return refused


def refused_of(leases: Sequence[Lease], positions: Sequence[int]) -> list[Lease]:
    """Return the leases at these positions, counted from 1, which a step has answered."""
    return [leases[int(position) - 1] for position in positions]
