"""Every exception that Sceneburst raises on purpose, as one tree.

A caller catches `SceneburstError`; the worker loop looks only at `transient`, never at a message's text.
"""

from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from scenequeue.quoted import cut
from scenequeue.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails


class SceneburstError(Exception):
    """The root: anything Sceneburst reports as an error of its own. Its message holds no secret, as it becomes a reason."""

    #: True where trying the same thing again later may succeed.
    transient: ClassVar[bool] = False

    def __init__(self, *parts: object) -> None:
        super().__init__(*(redact(part) if isinstance(part, str) else part for part in parts))


class SettingsError(SceneburstError):
    """A setting is missing or malformed; the message names its environment variable."""


class ProgramUnavailable(SettingsError):
    """A program that is needed on this machine is not installed, does not start, or has ended: ffmpeg, redis-server."""


#: Keys and indexes that lead from a submission to a place in it, as in ("scenes", 0, "image"); () is all of it.
Place: TypeAlias = "tuple[str | int, ...]"


class Mistake(NamedTuple):
    """One mistake in a submission, with its place."""

    place: Place
    text: str
    #: Further places for which the same holds, each in words too.
    alike: "tuple[tuple[Place, str], ...]" = ()

    def beneath(self, place: Place, words: str) -> "Mistake":
        """The same mistake in something larger: where that has it, and what it is called there."""
        return Mistake((*place, *self.place), f"{words}: {self.text}")


class InvalidScenes(SceneburstError):
    """One or more scenes cannot be accepted; `problems` has a line for each mistake, `mistakes` their places too.

    Args:
        problems: a mistake each; a text is one without a place.
    """

    def __init__(self, problems: "Sequence[str | Mistake]") -> None:
        found = [Mistake((), each) if isinstance(each, str) else each for each in problems]
        self.mistakes = [each._replace(text=redact(each.text)) for each in found]
        self.problems = [each.text for each in self.mistakes]
        super().__init__("\n".join(self.problems))


class QueueUnavailable(SceneburstError):
    """Redis does not answer at the configured URL."""

    transient: ClassVar[bool] = True


class QueueFull(SceneburstError):
    """The backlog is at its configured limit; submit again when it has gone down."""

    transient: ClassVar[bool] = True


class JobConflict(SceneburstError):
    """A job of this id exists with other content."""


class JobNotFound(SceneburstError):
    """No job of this id: never submitted, or its results have expired."""


class LeaseLost(SceneburstError):
    """The lease's token is stale: another container has the item, or its job was cancelled."""


class DispatcherDeposed(SceneburstError):
    """The fencing number is stale: another dispatcher acts now."""


class ItemError(SceneburstError):
    """An item could not be made; `transient` tells a retry from a dead letter."""


class BadInput(ItemError):
    """An input is missing, unreadable, too large or not what it claims to be. Permanent."""


class ToolFailed(ItemError):
    """ffmpeg ended with an error that may pass; the message ends with its last lines."""

    transient: ClassVar[bool] = True


class LimitExceeded(ItemError):
    """An item used more wall clock, CPU, memory or disk than it may."""

    transient: ClassVar[bool] = True


class DiskFull(ItemError):
    """The container's scratch space is used up; the container should drain and leave."""

    transient: ClassVar[bool] = True


class StorageUnavailable(ItemError):
    """The object store did not answer properly, even after retries."""

    transient: ClassVar[bool] = True


class ObjectNotFound(BadInput):
    """There is nothing at this URI."""


class StorageDenied(BadInput):
    """This URI may not be read or written: outside the roots, a private address, or access denied."""


class LogNotFound(SceneburstError):
    """The log of a container cannot be read from here; the message says where it is."""


class FleetError(SceneburstError):
    """A fleet could not launch, list or stop containers."""

    transient: ClassVar[bool] = True


class FleetMisconfigured(FleetError):
    """A launch that can never succeed as configured (unknown cluster, denied, bad size)."""

    transient: ClassVar[bool] = False


def without_prefix(message: str) -> str:
    """A validation message without the words that pydantic puts before those of our own checks."""
    return message.removeprefix("Value error, ")


def problem_line(problem: "ErrorDetails") -> str:
    """One entry of a ValidationError as a line: where, if anywhere, and what is wrong."""
    place, words = cut(".".join(map(str, problem["loc"]))), without_prefix(problem["msg"])
    return f"{place}: {words}" if place else words
