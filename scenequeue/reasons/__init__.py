"""Defines reasons: codes with parameters, which are turned into sentences only where they are shown."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from scenequeue.reasons.codes import Code as Code
from scenequeue.redaction import redact

#: A value of a reason: a JSON value, or further reasons.
Parameter: TypeAlias = "str | int | float | Reason | tuple[Reason, ...]"
#: Maximum depth of nested reasons that is read, because data in Redis may have been written by anybody.
_MAX_DEPTH = 8
#: Python converts no longer number to decimal digits.
_MAX_INTEGER_BITS = 14_000
#: Parameters that a reason with any code may have: the input at fault, and the last lines of the failed program.
INPUT, OPTION, LAST_LINES = "input", "option", "last_lines"


@dataclass(frozen=True)
class Reason:
    """A code with parameters, for people and programs.

    Parameters that JSON cannot express are replaced by their text, so that every reason can be stored, sent and copied.
    """

    #: A member of some `Code`, or a code of a newer version.
    code: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expressible = {_valid_text(name): _expressible(value) for name, value in self.parameters.items()}
        object.__setattr__(self, "parameters", expressible)

    @property
    def text(self) -> str:
        """Return the reason as a sentence; as the code and its parameters if no sentences are installed."""
        return _put_into_words(self)

    def with_parameters(self, **more: Parameter) -> "Reason":
        """Return the same reason with additional or replaced parameters."""
        return Reason(self.code, {**self.parameters, **more})

    def without_secrets(self) -> "Reason":
        """Return the same reason, with passwords and signatures in its texts replaced by ***."""
        return Reason(self.code, {name: _without_secrets(value) for name, value in self.parameters.items()})

    def plain(self) -> str:
        """Return the code and its parameters without a sentence."""
        facts = ", ".join(f"{name}: {_plain(value)}" for name, value in self.parameters.items())
        return f"{self.code} ({facts})" if facts else str(self.code)

    def to_json(self) -> dict[str, Any]:
        """Return the form in which it is sent and stored."""
        return {"code": str(self.code), "parameters": {name: _stored(value) for name, value in self.parameters.items()}}

    @classmethod
    def from_json(cls, data: object, *, _depth: int = 0) -> Self:
        """Read the output of `to_json`; a text, or anything else, becomes a foreign message."""
        if not isinstance(data, Mapping) or not isinstance(data.get("code"), str):
            return cls(Code.OTHER, {"text": str(data)})
        given = data.get("parameters")
        parameters: dict[str, Parameter] = {}
        for name, value in given.items() if isinstance(given, Mapping) else ():
            if isinstance(value, str | int | float):
                parameters[str(name)] = value
            elif isinstance(value, Mapping) and _depth < _MAX_DEPTH:
                parameters[str(name)] = cls.from_json(value, _depth=_depth + 1)
            elif isinstance(value, list) and _depth < _MAX_DEPTH:
                parameters[str(name)] = tuple(cls.from_json(each, _depth=_depth + 1) for each in value)
        return cls(data["code"], parameters)

    @classmethod
    def kept_as(cls, code: str, parameters: Mapping[str, Any] | None) -> Self:
        """Read a code and parameters that a record keeps side by side."""
        return cls.from_json({"code": code, "parameters": parameters})

    def to_people(self) -> dict[str, Any]:
        """Return the form that commands and the HTTP API show: that for storage, with the sentence."""
        return {**self.to_json(), "text": self.text}

    def __str__(self) -> str:
        # In logs and f-strings, also where no sentences are installed.
        return self.plain()


def _expressible(value: object) -> Parameter:
    """Return a parameter unchanged if it has one of the types that reasons have and JSON can express it, else its text."""
    if isinstance(value, str):
        return _valid_text(value)
    if isinstance(value, int):
        return value if value.bit_length() <= _MAX_INTEGER_BITS else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, tuple | list):
        return tuple(each if isinstance(each, Reason) else Reason(Code.OTHER, {"text": each}) for each in value)
    return value if isinstance(value, Reason) else _text_of_object(value)


def _valid_text(text: str) -> str:
    """Return a text without halves of surrogate pairs, which UTF-8 cannot express."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _text_of_object(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    try:
        return _valid_text(str(value))
    except Exception:
        return type(value).__name__


def _without_secrets(value: Parameter) -> Parameter:
    if isinstance(value, tuple):
        return tuple(each.without_secrets() for each in value)
    if isinstance(value, Reason):
        return value.without_secrets()
    return redact(value) if isinstance(value, str) else value


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(_plain(each) for each in value)
    return value.plain() if isinstance(value, Reason) else str(value)


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return [_stored(each) for each in value]
    return value.to_json() if isinstance(value, Reason) else value


#: Entry point of the installed sentences, the only name by which programs below the top floor know them.
WORDS = "sceneburst.words"
#: None until a reason is first turned into a sentence.
_text_of: Callable[[Reason], str] | None = None


def speak_with(text_of: Callable[[Reason], str]) -> None:
    """Turn reasons into sentences by this function from now on."""
    global _text_of  # noqa: PLW0603  a program has one language
    _text_of = text_of


def load_words() -> None:
    """Load the installed sentences, unless this program has its own.

    Programs below the top floor call this when they start: one without free file descriptors must still be able to report that.
    """
    if _text_of is None:
        # Loading is slow, and the top floor brings its own sentences.
        from importlib.metadata import entry_points

        speak_with(next((point.load() for point in entry_points(group=WORDS)), Reason.plain))


def _put_into_words(reason: Reason) -> str:
    if reason.code == Code.OTHER:
        # Sentences from elsewhere need no translation, and work even in a confined child, which can load none.
        return str(reason.parameters.get("text", reason.plain()))
    load_words()
    assert _text_of is not None
    return _text_of(reason)
