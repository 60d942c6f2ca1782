"""Formats foreign values for messages: without secrets, and shortened."""

import re

from scenequeue.redaction import redact

#: The length of the longest scene name.
_MAX_CHARS = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shorten(value: object) -> str:
    """Return the value as text, shortened to its beginning if it is long."""
    # Redact first: a secret that is cut off would not be recognised.
    text = redact(str(value))
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"


def quoted(value: object) -> str:
    """Return the value in quotes on one line, shortened to its beginning if it is long."""
    return repr(shorten(value))


def one_line(text: str) -> str:
    """Return the text with control characters and line ends escaped, so that foreign text in it cannot make up a further line."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
