"""The audit log: acts of operators, with their time and the number of items concerned."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from scenequeue.quoted import one_line
from scenequeue.redaction import redact
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number

#: Longest name of an operator that is kept, and longest reason.
ACT_CHARACTERS = 200
#: In the detail of a changed limit: the value of the dispatcher's environment, which no operator has changed.
ENVIRONMENT = "environment"


class Act(NamedTuple):
    """One act of an operator."""

    #: Redis clock.
    at_ms: int
    #: user@host from the command line, the key's name over HTTP.
    by: str
    #: pause, resume, requeue, discard, cancel, drain, stop, retry, limit, undo, key.
    act: str
    #: name=value, separated by spaces and quoted as in a shell: job, item, container, limit, key, or a filter of dead letters
    #: (reason, job, lane, label=name=value). "" for the whole queue.
    about: str
    #: Items or containers that it changed.
    amount: int
    #: Further words, such as a limit's old and new value.
    detail: str = ""
    #: The reason that the operator gave; "" where none was given.
    why: str = ""
    #: Its entry in the log.
    entry: str = ""
    #: The same for all entries of an act that changed several limits; random.
    word: str = ""

    @property
    def limit(self) -> str:
        """Name of the limit that it changed or took back; "" for another act."""
        return self.about.removeprefix("limit=") if self.act in {"limit", "undo"} and self.values[1] else ""

    @property
    def values(self) -> tuple[str, str]:
        """A limit's value before and after it, as text."""
        was, _, now = self.detail.partition(" -> ")
        return was, now


def read_acts(connection: Connection, limit: int) -> list[Act]:
    """Read the newest acts, newest first; about 10,000 are kept, for a year after the last."""
    entries = connection.answer("xrevrange", connection.keys.audit, "+", "-", count=limit) or []
    return [act_from(entry_id, fields) for entry_id, fields in entries]


def read_act(connection: Connection, entry: str) -> Act | None:
    """Read one act by its entry; None if there is none, or if it is no longer kept."""
    found = connection.answer("xrange", connection.keys.audit, entry, entry) or []
    return act_from(*found[0]) if found else None


def act_from(entry_id: str, fields: Mapping[str, str]) -> Act:
    """Return the act of an entry; fields that another program has left out are empty."""
    return Act(
        at_ms=whole_number(entry_id.partition("-")[0]),
        by=fields.get("by", "?"),
        act=fields.get("act", "?"),
        about=fields.get("about", ""),
        amount=whole_number(fields.get("amount")),
        detail=fields.get("detail", ""),
        why=fields.get("why", ""),
        entry=entry_id,
        word=fields.get("word", ""),
    )


def run_on_holders(connection: Connection, step: str, act: tuple[str, str], job_id: str, *words: str) -> list[Any]:
    """Run a step of an operator on each structure that holds a job of this id, as one act; returns the answers.

    Args:
        connection: to the queue.
        step: name of its script.
        act: see `act_words`.
        job_id: first argument of the step.
        words: its further arguments, before those for the audit log.
    """
    holders = connection.holders(job_id)
    word = secrets.token_hex(8) if len(holders) > 1 else ""
    return [each.run(step, job_id, *words, *act, word) for each in holders]


def act_words(by: str, why: str) -> tuple[str, str]:
    """Return the name and the reason of an operator as they are stored: in one line, bounded, without secrets."""
    return _clean(by), _clean(why)


def _clean(text: str) -> str:
    return one_line(redact(text.encode("utf-8", "replace").decode()))[:ACT_CHARACTERS]
