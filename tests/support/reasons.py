"""Reasons for tests to which the words do not matter."""

from scenequeue.reasons import Code, Reason


def said(text: str) -> Reason:
    """A reason that another program, such as ffmpeg, gives in its own words."""
    return Reason(Code.OTHER, {"text": text})
