"""Exit codes of `sceneburst`, and its last words when it is interrupted."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same for every command. `worker` has its own: container_worker/exit_codes.py."""

    OK = 0
    #: Some scenes failed, what was asked for is not there, or a job stands in the way: its id is taken, or it was cancelled.
    FAILED = 1
    #: A wrong manifest, option or setting; nothing was done.
    USAGE = 2
    #: Something that is needed does not answer or is not installed: Redis, ffmpeg, the object store.
    UNAVAILABLE = 3
    INTERRUPTED = 130


class Interrupted(BaseException):
    """Raised by SIGINT and SIGTERM; its text is the last line that the command prints."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until this block has ended, and raise Interrupted then; for what must not be half done."""
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
    """Set the last line to print after an interruption in this block; the innermost such block wins.

    Args:
        said: the line, or how to find it out when the interruption has come; "" leaves it to the block around.
    """
    try:
        yield
    except Interrupted as stop:
        if not stop.args:
            line = said if isinstance(said, str) else said()
            stop.args = (line,) if line else ()
        raise
