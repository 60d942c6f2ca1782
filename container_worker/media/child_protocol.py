"""Messages of a render child to its parent: JSON lines on its stdout, where nothing else is heard."""

import json
import os
import sys
from typing import Any, TextIO

#: Longest message of an error, in characters; of a longer one its parent would take nothing.
MAX_ERROR_CHARS = 4_000
#: Empty while stdout is everybody's.
_kept: list[TextIO] = []


def reserve_stdout() -> None:
    """Keep stdout for `send`. What libraries print there, in Python or in C, is for people and goes to stderr from now on:
    OpenCV does when there is not enough memory to load it.
    """
    _kept.append(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)
    sys.stdout = sys.stderr


def send(line: dict[str, Any]) -> None:
    """Write one line to the parent."""
    out = _kept[0] if _kept else sys.stdout
    out.write(json.dumps(line) + "\n")
    out.flush()


def warn(code: str, **parameters: str | int) -> None:
    """Tell the parent something that a person should know: a code of scenequeue.reasons and what belongs into its sentence."""
    send({"warning": {"code": code, "parameters": parameters}})
