"""A dead letter as it is shown: its inputs, and its errors, the newest first, each with the tool's last lines."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from scenequeue.jobs.result import DeadLetter, ItemErrorRecord
from scenequeue.reasons import Reason

_MOST_INPUTS, _MOST_ERRORS = 40, 20
_DEPTH = 6


class Failure(NamedTuple):
    """An attempt that failed."""

    record: ItemErrorRecord
    reason: Reason
    #: What the tool printed at last; "" if nothing of it is known.
    output: str


class Letter(NamedTuple):
    """A dead letter with what is shown of it."""

    letter: DeadLetter
    #: Name in its payload, and address.
    inputs: tuple[tuple[str, str], ...]
    failures: tuple[Failure, ...]


def letter_of(letter: DeadLetter) -> Letter:
    """Return what is shown of a letter."""
    inputs = tuple(islice(_addresses(letter.item.payload, "", 0), _MOST_INPUTS))
    failures = tuple(_failure(each) for each in reversed(letter.errors[-_MOST_ERRORS:]))
    return Letter(letter, inputs, failures)


def _failure(record: ItemErrorRecord) -> Failure:
    printed = [value for value in record.parameters.values() if isinstance(value, str) and "\n" in value]
    return Failure(record, Reason.kept_as(record.code, record.parameters), max(printed, key=len, default=""))


def _addresses(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the addresses in a payload, with the names under which they stand there."""
    if isinstance(value, str) and "://" in value:
        yield name, value
    elif isinstance(value, Mapping) and depth < _DEPTH:
        for key, each in value.items():
            yield from _addresses(each, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list) and depth < _DEPTH:
        for at, each in enumerate(value[:_MOST_INPUTS]):
            yield from _addresses(each, f"{name}[{at}]", depth + 1)
