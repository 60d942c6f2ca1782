"""Sends a media child's messages to its parent, as JSON lines on a reserved stdout."""

import json
import os
import sys
from typing import Any, TextIO

from scenequeue.errors import ItemError
from scenequeue.reasons import Reason

#: Longest text in an error's reason, in characters; the parent refuses a longer one.
MAX_TEXT_CHARS = 2_000
#: The saved stdout; empty until reserve_stdout() is called.
_saved_stdout: list[TextIO] = []


def reserve_stdout() -> None:
    """Reserve stdout for `send`; everything else that is printed, by Python or C code, goes to stderr.

    OpenCV, for example, prints advice when there is not enough memory to load it.
    """
    _saved_stdout.append(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)
    sys.stdout = sys.stderr


def send(line: dict[str, Any]) -> None:
    """Write one line to the parent."""
    out = _saved_stdout[0] if _saved_stdout else sys.stdout
    out.write(json.dumps(line) + "\n")
    out.flush()


def warn(code: str, **parameters: str | int) -> None:
    """Send a warning about the video: a code of scenequeue.reasons with the parameters of its sentence."""
    send({"warning": {"code": code, "parameters": parameters}})


def send_failure(error: ItemError) -> None:
    """Send the error that ended the work: its class, and its reason with texts of the length that is allowed."""
    parameters = error.reason.parameters.items()
    short = {name: value[:MAX_TEXT_CHARS] if isinstance(value, str) else value for name, value in parameters}
    send({"error": type(error).__name__, "reason": Reason(error.reason.code, short).to_json()})
