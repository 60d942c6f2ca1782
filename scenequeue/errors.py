"""All exceptions of Sceneburst, as one tree.

Applications catch `SceneburstError`. The worker loop branches on `transient`, never on a message's text.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from scenequeue.quoted import shorten
from scenequeue.reasons import Code, Parameter, Reason

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class SceneburstError(Exception):
    """The base of all errors of Sceneburst.

    `reason` is a code with parameters, without secrets, as it may be stored; `str()` puts it into words.

    Args:
        why: the code, whose parameters follow by name; or a reason; or a sentence, in programs for people alone.
    """

    #: True if a later retry may succeed.
    transient: ClassVar[bool] = False

    def __init__(self, why: StrEnum | Reason | str = "", /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.reason.text


class InvalidValue(ValueError):
    """A value is not what a field takes; pydantic's validators may raise it. Otherwise as SceneburstError."""

    def __init__(self, why: StrEnum | Reason, /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.reason.text


def reason_for(why: StrEnum | Reason | str, **parameters: Parameter) -> Reason:
    """The reason of an error, without secrets: what was given, or a code with its parameters, or a sentence as it is."""
    if isinstance(why, Reason):
        return why.without_secrets()
    if isinstance(why, StrEnum):
        return Reason(str(why), parameters).without_secrets()
    return Reason(Code.OTHER, {"text": why}).without_secrets()


class SettingsError(SceneburstError):
    """A setting is missing or malformed; the message names its environment variable."""


class ProgramUnavailable(SettingsError):
    """A needed program is not installed, does not start, or has ended: ffmpeg, redis-server."""


#: Keys and indexes that lead from a submission to a place in it, as in ("scenes", 0, "image"); () is all of it.
Place: TypeAlias = "tuple[str | int, ...]"


class Mistake(NamedTuple):
    """One mistake in a submission, with its place."""

    place: Place
    reason: Reason
    #: Further places for which the same holds, each as it is called in messages too.
    alike: "tuple[tuple[Place, Reason], ...]" = ()

    @property
    def text(self) -> str:
        """The mistake in words."""
        return self.reason.text

    def nested_in(self, place: Place, called: str | Reason) -> "Mistake":
        """Return this mistake with its place and reason as seen from the value that contains it."""
        return Mistake((*place, *self.place), inside(called, self.reason))


def inside(place: str | Reason, mistake: Reason) -> Reason:
    """The reason of a mistake inside something larger, which is called by its field's name or by a reason."""
    return Reason(Code.INSIDE, {"place": place, "mistake": mistake})


def several(reasons: Iterable[Reason]) -> Reason:
    """All of them as one reason; a single one as it is."""
    found = tuple(reasons)
    return found[0] if len(found) == 1 else Reason(Code.SEVERAL, {"reasons": found})


class InvalidScenes(SceneburstError):
    """One or more scenes cannot be accepted; `problems` has a line for each mistake, `mistakes` their places and reasons.

    Args:
        problems: a mistake each; a reason or a sentence is one without a place.
    """

    def __init__(self, problems: Sequence[str | Reason | Mistake]) -> None:
        found = [each if isinstance(each, Mistake) else Mistake((), reason_for(each)) for each in problems]
        self.mistakes = [each._replace(reason=each.reason.without_secrets()) for each in found]
        super().__init__(Code.MISTAKES, mistakes=tuple(each.reason for each in self.mistakes))

    @property
    def problems(self) -> list[str]:
        """Every mistake in words."""
        return [each.text for each in self.mistakes]


class QueueUnavailable(SceneburstError):
    """Redis does not answer at the configured URL."""

    transient: ClassVar[bool] = True


class QueueFull(SceneburstError):
    """The backlog is at its configured limit; submit again when it has gone down."""

    transient: ClassVar[bool] = True


class JobConflict(SceneburstError):
    """A job with this id exists already, with other content."""


class JobNotFound(SceneburstError):
    """There is no job with this id: it was never submitted, or its results have expired."""


class LeaseLost(SceneburstError):
    """The lease's token is stale: another container has the item, or its job was cancelled."""


class GrowthRefused(SceneburstError):
    """The items that an item brings are not whole in Redis; nothing of its ack was taken, and its lease stays."""

    transient: ClassVar[bool] = True


class DispatcherDeposed(SceneburstError):
    """The fencing number is stale: another dispatcher acts now."""


class ItemError(SceneburstError):
    """An item failed; it is retried if `transient`, else it becomes a dead letter."""


class BadInput(ItemError):
    """An input is missing, unreadable, too large or not what it claims to be. Permanent."""


class ToolFailed(ItemError):
    """ffmpeg failed, perhaps not for good; the message ends with its last lines."""

    transient: ClassVar[bool] = True


class LimitExceeded(ItemError):
    """An item exceeded its limit of wall clock time, CPU time, memory or disk."""

    transient: ClassVar[bool] = True


class DiskFull(ItemError):
    """A disk or quota is full; the container drains and leaves."""

    transient: ClassVar[bool] = True


class StorageUnavailable(ItemError):
    """The storage did not answer properly, even after retries."""

    transient: ClassVar[bool] = True


class ObjectNotFound(BadInput):
    """There is no object at this URI."""


class StorageDenied(BadInput):
    """This URI may not be read or written: malformed, outside the roots, a private address, or access denied."""


class LogNotFound(SceneburstError):
    """A container's log cannot be read on this machine; the message says where it is."""


class FleetError(SceneburstError):
    """A fleet could not launch, list or stop containers."""

    transient: ClassVar[bool] = True


class FleetMisconfigured(FleetError):
    """A launch that can never succeed as configured (unknown cluster, denied, bad size)."""

    transient: ClassVar[bool] = False


def refused_value(problem: "ErrorDetails") -> Reason:
    """The reason in one entry of a ValidationError: of a value that we refuse ours, else pydantic's type, facts and words."""
    facts = problem.get("ctx", {})
    own = getattr(facts.get("error"), "reason", None)
    if isinstance(own, Reason):
        return own
    plain = {name: fact for name, fact in facts.items() if isinstance(fact, str | int | float)}
    words = problem["msg"].removeprefix("Value error, ")
    return Reason(Code.VALUE_REFUSED, {**plain, "type": problem["type"], "problem": words})


def refused_field(problem: "ErrorDetails") -> Reason:
    """The same with its field, if there is one."""
    place, reason = shorten(".".join(map(str, problem["loc"]))), refused_value(problem)
    return inside(place, reason) if place else reason
