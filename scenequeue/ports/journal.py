"""Writes the notes of a leased item into its journal."""

from collections.abc import Mapping

from scenequeue.errors import BadInput, LeaseLost
from scenequeue.jobs.item import Lease
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection

#: Maximum size of an item's journal, names and values together.
MAX_JOURNAL_BYTES = 65_536
MAX_NOTES = 1_000
#: Answers of note.lua.
NO_LEASE, TOO_LARGE, TOO_MANY = 0, -1, -2


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
