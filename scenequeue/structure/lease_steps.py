"""Runs steps on leases: those that end or prolong them, on the structures that hold them, and the one that writes notes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.item import Lease
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection
from scenequeue.structure.lease_messages import leases_from, triples_of

_T = TypeVar("_T")


class SpareRule(NamedTuple):
    """The items of which a second container gets a spare lease."""

    #: At most this share of the weight of the item's stage is left.
    left_share: float = 0.05
    #: It has taken so many times what the measured rate of its need makes of its weight; without a rate it gets none.
    times: float = 2.0
    #: And at least so long: less is within the noise of fetching and delivering.
    least_s: float = 1.0
    #: About the time between two looks at the leases, whichever containers ask.
    look_s: float = 1.0

    def words(self) -> tuple[str | float, ...]:
        """Return the arguments of spare.lua from its ARGV[7] on."""
        return (self.left_share, self.times, round(self.least_s * 1000), round(self.look_s * 1000))


#: Maximum size of an item's journal, names and values together.
MAX_JOURNAL_BYTES = 65_536
MAX_NOTES = 1_000
#: Answers of note.lua.
NO_LEASE, TOO_LARGE, TOO_MANY = 0, -1, -2


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


def lease_spares(connection: Connection, container_id: str, asked: Sequence[str | float], serves: Sequence[str]) -> list[Lease]:
    """Lease items that other containers hold, from the newest structure that has any.

    Args:
        connection: to the queue.
        container_id: the container that takes them.
        asked: arguments of spare.lua from its ARGV[4] on, but for the needs.
        serves: these needs.
    """
    for each in connection.all:
        answer = each.run("spare", container_id, *asked, *serves)
        # The first holder has read its body, so it is an item.
        if leases := [lease for lease, _ in leases_from(answer, [each.structure])]:
            return leases
    return []


def write_notes(connection: Connection, container_id: str, lease: Lease, notes: Mapping[str, str]) -> None:
    """Write them; arguments and errors as `WorkerPort.note` says. Notes that no journal can hold never reach Redis."""
    item = f"{lease.job_id}/{lease.item_id}"
    words = [word for pair in notes.items() for word in pair]
    answer = TOO_MANY if len(notes) > MAX_NOTES else TOO_LARGE if _size(item, words) > MAX_JOURNAL_BYTES else None
    if answer is None:
        about = (container_id, lease.job_id, lease.item_id, lease.token, MAX_JOURNAL_BYTES, MAX_NOTES)
        answer = connection.of(lease.structure).run("note", *about, *words)
    if answer == NO_LEASE:
        raise LeaseLost(Code.LEASE_STALE, item=item)
    if answer == TOO_LARGE:
        raise BadInput(Code.JOURNAL_TOO_LARGE, item=item, limit=MAX_JOURNAL_BYTES)
    if answer == TOO_MANY:
        raise BadInput(Code.JOURNAL_TOO_MANY, item=item, limit=MAX_NOTES)


def _size(item: str, words: list[str]) -> int:
    """Return their size in UTF-8.

    Raises:
        BadInput: one is no text, or none that UTF-8 can express.
    """
    size = 0
    for word in words:
        try:
            size += len(word.encode())
        except (AttributeError, UnicodeEncodeError):
            raise BadInput(Code.JOURNAL_NOT_TEXT, item=item, name=str(word)) from None
    return size
