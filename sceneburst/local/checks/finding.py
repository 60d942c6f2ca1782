"""One finding of `sceneburst doctor`."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from scenequeue.errors import SceneburstError


class Check(NamedTuple):
    """A subject, and how it is."""

    what: str
    is_good: bool
    #: False for what works as it is, or what only some uses need.
    is_needed: bool
    #: What was found.
    said: str
    #: What to do; "" where nothing is.
    mend: str = ""


def good(what: str, said: str) -> Check:
    """All is well."""
    return Check(what, is_good=True, is_needed=True, said=said)


def wrong(what: str, said: str, mend: str) -> Check:
    """Something that must be mended."""
    return Check(what, is_good=False, is_needed=True, said=said, mend=mend)


def doubtful(what: str, said: str, mend: str) -> Check:
    """Something that works, or that is not needed here, and may still not be meant so."""
    return Check(what, is_good=False, is_needed=False, said=said, mend=mend)


def guarded(what: str, find: Callable[[], Iterable[Check]], mend: str) -> Iterator[Check]:
    """Yield the findings of a check; an error that ends it is a finding too."""
    try:
        yield from find()
    except (SceneburstError, ImportError, OSError) as error:
        yield wrong(what, str(error) or type(error).__name__, mend)
