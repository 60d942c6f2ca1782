"""Defines a finding of `sceneburst doctor`."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from scenequeue.errors import SceneburstError


class Check(NamedTuple):
    """A subject, and its state."""

    what: str
    is_good: bool
    #: False for a subject that works, or that only some uses need.
    is_needed: bool
    #: The finding.
    said: str
    #: The advice; "" if nothing needs to be done.
    mend: str = ""


def good(what: str, said: str) -> Check:
    """Make a finding without a problem."""
    return Check(what, is_good=True, is_needed=True, said=said)


def wrong(what: str, said: str, mend: str) -> Check:
    """Make a finding that must be fixed."""
    return Check(what, is_good=False, is_needed=True, said=said, mend=mend)


def doubtful(what: str, said: str, mend: str) -> Check:
    """Make a finding that works, or is not needed here, but may not be intended."""
    return Check(what, is_good=False, is_needed=False, said=said, mend=mend)


def guarded(what: str, find: Callable[[], Iterable[Check]], mend: str) -> Iterator[Check]:
    """Yield the findings of a check; an error that ends it becomes a finding too."""
    try:
        yield from find()
    except (SceneburstError, ImportError, OSError) as error:
        yield wrong(what, str(error) or type(error).__name__, mend)
