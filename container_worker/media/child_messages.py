"""Validates the messages of a media child, which is not trusted because it reads users' files."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from container_worker.codes import Code
from container_worker.media.child_protocol import MAX_TEXT_CHARS
from scenequeue.errors import BadInput, DiskFull, ItemError, LimitExceeded, ToolFailed
from scenequeue.reasons import Code as QueueCode, Reason

#: Largest number of lines from one child; a film of three hours reports its progress 22,000 times.
MAX_LINES = 200_000
MAX_WARNINGS = 100
#: Largest number of frames: a day at 120 per second.
_MAX_FRAMES = 24 * 3600 * 120

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
_Text = Annotated[str, StringConstraints(max_length=500)]
_LongText = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
_Count = Annotated[int, Field(ge=-(10**12), le=10**12)]
_Frames = Annotated[int, Field(ge=0, le=_MAX_FRAMES)]
#: Errors that a child may report; others, such as SettingsError, would affect the whole container.
_ERRORS: dict[str, type[ItemError]] = {kind.__name__: kind for kind in (BadInput, ToolFailed, LimitExceeded, DiskFull)}
#: Codes that a child may report.
_CODES = frozenset({*Code, QueueCode.OTHER})
#: Maximum characters quoted of a reason with another code.
_UNKNOWN_CHARS = 500


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
    code: _Word
    parameters: Annotated[dict[_Word, _Text | _Count], Field(max_length=8)]


class _Ending(_Message):
    """The end of the child's ffmpeg, as `ending_of` tells it: the only reason inside another that a child sends."""

    code: Literal[QueueCode.EXITED, QueueCode.KILLED, QueueCode.KILLED_UNEXPLAINED]
    parameters: Annotated[dict[_Word, _Text | _Count], Field(max_length=1)]


class _Problem(_Message):
    code: _Word
    parameters: Annotated[dict[_Word, _LongText | _Count | float | _Ending], Field(max_length=12)]


def _reason(sent: _Warning | _Problem) -> Reason:
    """Return a message's reason; with an unknown code, as a foreign message."""
    reason = Reason.from_json(sent.model_dump())
    return reason if sent.code in _CODES else Reason(QueueCode.OTHER, {"text": reason.plain()[:_UNKNOWN_CHARS]})


class Warned(_Message):
    """A warning about the video."""

    warning: _Warning

    def reason(self) -> Reason:
        """Return the warning as a Reason."""
        return _reason(self.warning)


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
    reason: _Problem

    def exception(self) -> ItemError:
        """Return the exception that the message stands for."""
        return _ERRORS[self.error](_reason(self.reason))


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
        raise ToolFailed(Code.RENDERER_UNINTELLIGIBLE, message=line[:200]) from None
