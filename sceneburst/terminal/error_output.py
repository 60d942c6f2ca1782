"""Prints the error that ends a command: lines on standard error, and JSON on standard output if JSON was asked for."""

from collections.abc import Sequence
from typing import Any

from sceneburst.terminal.screen import note, print_json_line
from sceneburst.terminal.usage import Declined
from scenequeue.errors import SceneburstError
from scenequeue.reasons import Reason


def print_error(error: SceneburstError, words: Sequence[str]) -> None:
    """Print an error of ours, with its notes.

    Args:
        error: ends the command.
        words: the command line, without the program.
    """
    title = "" if isinstance(error, Declined) else "error: "
    for line in error.lines:
        note(f"{title}{line}", "red" if title else "")
    for line in getattr(error, "__notes__", ()):
        note(line)
    print_error_json(error.reason, words)


def print_error_json(reason: Reason, words: Sequence[str]) -> None:
    """Print the reason on standard output if the command line asks for JSON; in one line, as some commands print lines."""
    if is_json_asked(words):
        print_json_line(error_document(reason, words))


def is_json_asked(words: Sequence[str]) -> bool:
    """Return True if a command line asks for JSON; it is not parsed, because it may be what is wrong."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def error_document(reason: Reason, words: Sequence[str]) -> dict[str, Any]:
    """Return what `--json` prints in place of a result."""
    shown = reason.to_people()
    if words[0] == "watch":
        # Each of its lines is an event.
        return {"event": "error", **shown, "error": shown}
    return {"error": shown}
