"""All exceptions of Sceneburst, as one tree.

Applications catch `SceneburstError`. The worker loop branches on `transient`, never on a message's text.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from scenequeue.quoted import one_line, quoted, shorten
from scenequeue.reasons import LAST_LINES, Code, Parameter, Reason

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class SceneburstError(Exception):
    """The base of all errors of Sceneburst.

    `reason` is a code with parameters, without secrets, in the form for storage; `str()` returns its sentence.

    Args:
        why: the code, with its parameters as further arguments; or a reason; or a sentence, in programs that only people use.
    """

    #: True if a later retry may succeed.
    transient: ClassVar[bool] = False

    def __init__(self, why: StrEnum | Reason | str = "", /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.reason.text

    @property
    def lines(self) -> list[str]:
        """The lines to print: the sentence in one line, and indented under it the last lines of a program that failed."""
        facts = dict(self.reason.parameters)
        more = str(facts.pop(LAST_LINES, ""))
        return [one_line(Reason(self.reason.code, facts).text), *(f"  {one_line(line)}" for line in more.splitlines())]

    def __reduce__(self) -> tuple[object, ...]:
        return _copied(self)


class InvalidValue(ValueError):
    """A field does not accept the value; raised by pydantic's validators too. Otherwise like SceneburstError."""

    def __init__(self, why: StrEnum | Reason, /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.reason.text

    def __reduce__(self) -> tuple[object, ...]:
        return _copied(self)


def _copied(error: BaseException) -> tuple[object, ...]:
    """Describe an error for copy and pickle, which would call `__init__` with `args` otherwise."""
    return _with_args, (type(error), error.args), error.__dict__


def _with_args(cls: type[BaseException], args: tuple[object, ...]) -> BaseException:
    return cls.__new__(cls, *args)


def reason_for(why: StrEnum | Reason | str, /, **parameters: Parameter) -> Reason:
    """Return the reason of an error, without secrets: the given reason, a code with its parameters, or a sentence as a reason."""
    if isinstance(why, Reason):
        return why.without_secrets()
    if isinstance(why, StrEnum):
        return Reason(str(why), parameters).without_secrets()
    return Reason(Code.OTHER, {"text": why}).without_secrets()


def said_by(error: BaseException) -> Reason | str:
    """Return the parameter that stands for another error in a reason: its own reason, else its text, else its class."""
    own = getattr(error, "reason", None)
    return own if isinstance(own, Reason) else str(error) or type(error).__name__


class SettingsError(SceneburstError):
    """A setting is missing or malformed; the message names its environment variable."""


class ProgramUnavailable(SettingsError):
    """A needed program is not installed, does not start, or has ended: ffmpeg, redis-server."""


#: Keys and indexes that lead from a submission to a place in it, such as ("scenes", 0, "image"); () is all of it.
Place: TypeAlias = "tuple[str | int, ...]"


class Mistake(NamedTuple):
    """One mistake in a submission, with its place."""

    place: Place
    reason: Reason
    #: Further places with the same mistake, each with its name in messages.
    alike: "tuple[tuple[Place, Reason], ...]" = ()

    @property
    def text(self) -> str:
        """The mistake as a sentence."""
        return self.reason.text

    def nested_in(self, place: Place, called: str | Reason) -> "Mistake":
        """Return this mistake with its place and reason as seen from the value that contains it."""
        return Mistake((*place, *self.place), inside(called, self.reason))


def inside(place: str | Reason, mistake: Reason) -> Reason:
    """Return the reason of a mistake inside a value, which is named by its field or by a reason."""
    return Reason(Code.INSIDE, {"place": place, "mistake": mistake})


def several(reasons: Iterable[Reason]) -> Reason:
    """Combine reasons into one; a single one is returned unchanged."""
    found = tuple(reasons)
    return found[0] if len(found) == 1 else Reason(Code.SEVERAL, {"reasons": found})


#: pydantic adds this part to the place of an invalid key.
KEY_REFUSED = "[key]"
#: Larger whole numbers are not shown.
_LARGE = 10**18


class InvalidScenes(SceneburstError):
    """One or more scenes cannot be accepted; `problems` has a line for each mistake, `mistakes` their places and reasons.

    Args:
        problems: one per mistake; a reason or a sentence is a mistake without a place.
    """

    def __init__(self, problems: Sequence[str | Reason | Mistake]) -> None:
        found = [each if isinstance(each, Mistake) else Mistake((), reason_for(each)) for each in problems]
        self.mistakes = [each._replace(reason=each.reason.without_secrets()) for each in found]
        super().__init__(Code.MISTAKES, mistakes=tuple(each.reason for each in self.mistakes))

    @property
    def problems(self) -> list[str]:
        """All mistakes as sentences."""
        return [each.text for each in self.mistakes]

    @property
    def lines(self) -> list[str]:
        """The lines to print: one per mistake."""
        return list(map(one_line, self.problems))


class QueueUnavailable(SceneburstError):
    """Redis does not answer at the configured URL."""

    transient: ClassVar[bool] = True


class QueueFull(SceneburstError):
    """The backlog is at its configured limit; submit again when it is shorter."""

    transient: ClassVar[bool] = True


class JobConflict(SceneburstError):
    """A job with this id exists already, with other content."""


class ActConflict(SceneburstError):
    """An act of an operator cannot be carried out: another one has acted since, or there is nothing to undo."""


class JobNotFound(SceneburstError):
    """There is no job with this id: it was never submitted, or its results have expired."""


class JobNotEnded(TimeoutError):
    """The job has not ended within the time that its caller waits; it goes on."""

    def __init__(self, why: StrEnum, /, **parameters: Parameter) -> None:
        self.reason = reason_for(why, **parameters)
        super().__init__(self.reason)

    def __str__(self) -> str:
        return self.reason.text


class LeaseLost(SceneburstError):
    """The lease's token is stale: another container has the item, or its job was cancelled."""


class GrowthRefused(SceneburstError):
    """The items that an item brings are incomplete in Redis; its ack had no effect, and its lease stays valid."""

    transient: ClassVar[bool] = True


class DispatcherDeposed(SceneburstError):
    """The fencing number is stale: another dispatcher is active now."""


class ItemError(SceneburstError):
    """An item failed; it is retried if `transient`, else it becomes a dead letter."""


class BadInput(ItemError):
    """An input is missing, unreadable, too large or in another format than expected. Permanent."""


class ToolFailed(ItemError):
    """ffmpeg failed; another attempt may succeed. The message ends with its last lines."""

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
    """A container's log cannot be read on this machine; the message names its place."""


class FleetError(SceneburstError):
    """A fleet could not launch, list or stop containers."""

    transient: ClassVar[bool] = True


class FleetMisconfigured(FleetError):
    """A launch that can never succeed as configured (unknown cluster, denied, bad size)."""

    transient: ClassVar[bool] = False


def refused_value(problem: "ErrorDetails") -> Reason:
    """Return the reason in an entry of a ValidationError: ours for a value that we refuse, else pydantic's type and message.

    It contains a simple value, shortened, unless the entry was made without its input.
    """
    facts = problem.get("ctx", {})
    own = getattr(facts.get("error"), "reason", None)
    if isinstance(own, Reason):
        return own
    plain = {name: fact for name, fact in facts.items() if isinstance(fact, str | int | float)}
    words = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    given = problem.get("input", ())
    value = {"value": quoted(given) if isinstance(given, str) else shorten(given)} if _is_simple(given) else {}
    return Reason(Code.VALUE_REFUSED, {**plain, **value, "type": problem["type"], "problem": words})


def _is_simple(value: object) -> bool:
    """Return True for a value that a message can show."""
    # Python refuses to print very long numbers.
    return value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < _LARGE)


def refused_field(problem: "ErrorDetails") -> Reason:
    """Return the same reason with its field, if there is one."""
    place = ".".join(str(part) for part in problem["loc"] if part != KEY_REFUSED)
    place, reason = one_line(shorten(place)), refused_value(problem)
    return inside(place, reason) if place else reason
