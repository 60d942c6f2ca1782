"""Values of others in messages: without secrets, and no longer than it takes to recognise them."""

from scenequeue.redaction import redact

#: As long as the longest name of a scene.
_MOST_CHARS = 120


def cut(value: object) -> str:
    """The value as text; of a long one the beginning."""
    # Redacted first: the beginning of a secret would not be recognised as one.
    text = redact(str(value))
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}…"


def quoted(value: object) -> str:
    """The value in quotes, on one line; of a long one the beginning."""
    return repr(cut(value))
