"""Validates the messages of a media child, which is not trusted because it reads users' files."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from container_worker.media.child_protocol import MAX_ERROR_CHARS
from scenequeue.errors import BadInput, DiskFull, ItemError, LimitExceeded, ToolFailed
from scenequeue.reasons import Reason

#: Largest number of lines from one child; a film of three hours reports its progress 22,000 times.
MAX_LINES = 200_000
MAX_WARNINGS = 100
#: Largest number of frames: a day at 120 per second.
_MAX_FRAMES = 24 * 3600 * 120

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
_Text = Annotated[str, StringConstraints(max_length=500)]
_Count = Annotated[int, Field(ge=-(10**12), le=10**12)]
_Frames = Annotated[int, Field(ge=0, le=_MAX_FRAMES)]
#: Errors that a child may report; others, such as SettingsError, would affect the whole container.
_ERRORS: dict[str, type[ItemError]] = {kind.__name__: kind for kind in (BadInput, ToolFailed, LimitExceeded, DiskFull)}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Ready(_Message):
    """The child has prepared everything and waits for a slot."""

    ready: Literal[True]


class Progress(_Message):
    """The number of frames made so far, and of all."""

    frame: _Frames
    of: Annotated[int, Field(ge=1, le=_MAX_FRAMES)]

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.frame / self.of)


class _Warning(_Message):
    code: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    parameters: Annotated[dict[_Word, _Text | _Count], Field(max_length=8)]


class Warned(_Message):
    """A warning about the video: a code of scenequeue.reasons with its parameters."""

    warning: _Warning

    def reason(self) -> Reason:
        """Return the warning as a Reason."""
        return Reason(self.warning.code, self.warning.parameters)


class Made(_Message):
    """The length and frames of a finished video."""

    duration_s: Annotated[float, Field(gt=0, le=_MAX_FRAMES)]
    frames: Annotated[int, Field(ge=1, le=_MAX_FRAMES)]
    #: Frames of a film that were encoded again.
    encoded_frames: _Frames = 0


class Done(_Message):
    """The child has ended and made the video."""

    done: Made


class Failed(_Message):
    """The child has ended without a video."""

    error: Literal["BadInput", "ToolFailed", "LimitExceeded", "DiskFull"]
    message: Annotated[str, StringConstraints(max_length=MAX_ERROR_CHARS)]

    def exception(self) -> ItemError:
        """Return the exception that the message stands for."""
        return _ERRORS[self.error](self.message)


Message = Ready | Progress | Warned | Done | Failed
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


def read_message(line: str) -> Message:
    """Parse one line.

    Raises:
        ToolFailed: it is not a known message.
    """
    try:
        return _MESSAGES.validate_json(line)
    except ValidationError:
        raise ToolFailed(f"the renderer sent an unknown message: {line[:200]!r}") from None
