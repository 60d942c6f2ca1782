"""Formats foreign values for messages: without secrets, and shortened."""

from scenequeue.redaction import redact

#: The length of the longest scene name.
_MAX_CHARS = 120


def shorten(value: object) -> str:
    """Return the value as text, shortened to its beginning if it is long."""
    # Redact first: a secret that is cut off would not be recognised.
    text = redact(str(value))
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"


def quoted(value: object) -> str:
    """Return the value in quotes on one line, shortened to its beginning if it is long."""
    return repr(shorten(value))
