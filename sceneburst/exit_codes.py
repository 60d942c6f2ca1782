"""Exit codes of `sceneburst`, and the last line of an interrupted command."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command except `worker`, which has its own: container_worker/exit_codes.py."""

    OK = 0
    #: Some scenes failed, a requested object does not exist, or a job is in the way: its id is taken, or it was cancelled.
    FAILED = 1
    #: A wrong manifest, option or setting, or a missing Python package; nothing was done.
    USAGE = 2
    #: A required service or program does not answer or is missing: Redis, ffmpeg, the object store.
    UNAVAILABLE = 3
    INTERRUPTED = 130
    #: Whoever read the output has closed it, as `| head -1` does; the code that shells show for SIGPIPE.
    OUTPUT_CLOSED = 141


class Interrupted(BaseException):
    """Raised by SIGINT and SIGTERM; its text is the last line that the command prints."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay SIGINT and SIGTERM until this block has ended, then raise Interrupted; for work that must not be half done."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise Interrupted


@contextmanager
def when_interrupted(said: str | Callable[[], str]) -> Iterator[None]:
    """Set the last line to print after an interruption in this block; the innermost block wins.

    Args:
        said: the line, or a function that returns it when the interruption has come; "" defers to the enclosing block.
    """
    try:
        yield
    except Interrupted as stop:
        if not stop.args:
            line = said if isinstance(said, str) else said()
            stop.args = (line,) if line else ()
        raise
