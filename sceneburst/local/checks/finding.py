"""Defines a finding of `sceneburst doctor`."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from sceneburst.local.checks.codes import Code
from scenequeue.errors import SceneburstError, reason_for
from scenequeue.reasons import Parameter, Reason


class Check(NamedTuple):
    """A subject, and its state."""

    what: str
    is_good: bool
    #: False for a subject that works, or that only some uses need.
    is_needed: bool
    #: The finding in words.
    said: str
    #: The advice; None if nothing needs to be done.
    mend: str | None
    #: The finding for programs.
    code: str
    #: Of the code.
    parameters: dict[str, Any]


def good(why: StrEnum | Reason, what: str, /, **parameters: Parameter) -> Check:
    """Make a finding without a problem."""
    return _check(reason_for(why, **parameters), what, None, is_good=True, is_needed=True)


def wrong(why: StrEnum | Reason, what: str, mend: str, /, **parameters: Parameter) -> Check:
    """Make a finding that must be fixed."""
    return _check(reason_for(why, **parameters), what, mend, is_good=False, is_needed=True)


def doubtful(why: StrEnum | Reason, what: str, mend: str, /, **parameters: Parameter) -> Check:
    """Make a finding that works, or is not needed here, but may not be intended."""
    return _check(reason_for(why, **parameters), what, mend, is_good=False, is_needed=False)


def guarded(what: str, find: Callable[[], Iterable[Check]], mend: str) -> Iterator[Check]:
    """Yield the findings of a check; an error that ends it becomes a finding too."""
    try:
        yield from find()
    except SceneburstError as error:
        yield wrong(error.reason, what, mend)
    except (ImportError, OSError) as error:
        yield wrong(Code.CHECK_FAILED, what, mend, problem=str(error) or type(error).__name__)


def _check(reason: Reason, what: str, mend: str | None, *, is_good: bool, is_needed: bool) -> Check:
    told = reason.to_people()
    return Check(what, is_good, is_needed, told["text"], mend, told["code"], told["parameters"])
