"""Ends a command quietly when the program that reads its output has closed it, as `head` does after its lines."""

import os
import sys
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from typing import Any


class OutputClosed(BaseException):
    """Nobody reads the output any more. Not an Exception, so that neither commands nor libraries handle it."""


class _Output(FileIO):
    """A standard stream that raises OutputClosed in place of BrokenPipeError."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise OutputClosed from None


def detect_closed_output() -> None:
    """Let writing to standard output and error raise OutputClosed when the other end is closed; click and rich exit with 1.

    SIGPIPE itself stays ignored: a broken connection to Redis or S3 would end the program too.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # Tests have streams in memory.
        if type(stream) is not TextIOWrapper:
            continue
        stream.flush()
        raw = _Output(stream.fileno(), "w", closefd=False)
        # Not with `python -u`.
        is_buffered = not isinstance(stream.buffer, RawIOBase)
        made = TextIOWrapper(
            BufferedWriter(raw) if is_buffered else raw,
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, made)


def forget_output() -> None:
    """Send what is still buffered, and all further output, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
