"""Runs a media child from the worker: sends its request as JSON and handles its messages.

A child may prepare its inputs without a slot; it then sends Ready and waits until it is given one.
"""

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Protocol

from container_worker.codes import Code
from container_worker.media.child_messages import (
    MAX_LINES,
    MAX_WARNINGS,
    Done,
    Failed,
    Made,
    Progress,
    Ready,
    Warned,
    read_message,
)
from container_worker.media.defaults import PREPARATION_CPU_S
from container_worker.media.rate_guard import RateGuard
from container_worker.sandbox.child import CpuTimeExceeded, run_child
from container_worker.sandbox.last_lines import last_lines_of, with_last_lines
from container_worker.sandbox.limits import Limits
from scenequeue.errors import BadInput, ItemError, ToolFailed
from scenequeue.reasons import Reason


class ChildContext(Protocol):
    """Everything that an item gives to the child that works on it; `ItemContext` is one."""

    @property
    def scratch(self) -> Path:
        """The child's working folder, for this item alone."""
        ...

    @property
    def limits(self) -> Limits:
        """For the child and its ffmpeg, each."""
        ...

    @property
    def on_progress(self) -> Callable[[float], None]:
        """Called in the caller's thread with the share done, 0 to 1."""
        ...

    @property
    def should_stop(self) -> threading.Event:
        """Kills the child's group within 50 ms of being set."""
        ...

    @property
    def slot(self) -> Callable[[], AbstractContextManager[None]]:
        """Entered for the part of the work that needs a slot, which may wait."""
        ...


class _Listener:
    """Handles a child's messages; the slot it is given is held until `slot` is closed."""

    def __init__(self, on_progress: Callable[[float], None], slot: Callable[[], AbstractContextManager[None]]) -> None:
        self._on_progress, self._enter_slot = on_progress, slot
        self.slot = ExitStack()
        self.warnings: list[Reason] = []
        self.made: Made | None = None
        self.failure: ItemError | None = None
        self.has_slot = False
        self._lines = 0

    def on_line(self, line: str) -> bytes | None:
        """Handle one line; returns the answer to send, if any.

        Raises:
            ToolFailed: it is not a valid message, or one too many.
        """
        self._lines += 1
        message = read_message(line)
        if self._lines > MAX_LINES or len(self.warnings) >= MAX_WARNINGS or (self.has_slot and isinstance(message, Ready)):
            raise ToolFailed(Code.RENDERER_SAID_TOO_MUCH)
        match message:
            case Ready():
                self.has_slot = True
                self.slot.enter_context(self._enter_slot())
                return b"go\n"
            case Progress():
                self._on_progress(message.share)
            case Warned():
                self.warnings.append(message.reason())
            case Done():
                self.made = message.done
            case Failed():
                self.failure = message.exception()
        return None


def run_child_job(
    module: str,
    request: Mapping[str, Any],
    scratch: Path,
    *,
    limits: Limits,
    on_progress: Callable[[float], None],
    should_stop: threading.Event | None,
    ffmpeg: Path,
    readable: Sequence[Path] = (),
    slot: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Made, tuple[Reason, ...]]:
    """Run a module of this package as a confined child to its end.

    Args:
        module: run by `python -m`; keeps to the protocol of container_worker.media.child_program.
        request: JSON data.
        scratch: the child's working folder.
        limits: for the child and its ffmpeg, each.
        on_progress: called in this thread with the share done, 0 to 1.
        should_stop: kills the child's group within 50 ms of being set.
        ffmpeg: the program, which the child runs.
        readable: inputs outside `scratch`; the child can read no other files there.
        slot: entered once the child is prepared, which may wait; left when the child has ended.

    Returns:
        What was made, and the warnings.

    Raises:
        ItemError: the child's own error, or the one that its exit means. Stopped: `should_stop` was set.
    """
    listener = _Listener(on_progress, slot)
    try:
        with listener.slot:
            run_child(
                [sys.executable, "-P", "-m", module], program=Reason(Code.RENDERER), limits=limits, folder=scratch,
                stdin=json.dumps(request).encode() + b"\n", should_stop=should_stop, on_line=listener.on_line,
                readable=readable, programs=(ffmpeg,),
            )  # fmt: skip
    except CpuTimeExceeded:
        if listener.has_slot:
            raise
        # Permanent, because another attempt would take as long.
        raise BadInput(Code.INPUTS_TOO_COSTLY, limit_s=PREPARATION_CPU_S) from None
    except ToolFailed as error:
        if listener.failure is None:
            raise
        # Prefer the child's own error to "ended with code 3", followed by the stderr of its ffmpeg.
        raise type(listener.failure)(with_last_lines(listener.failure.reason, last_lines_of(error.reason))) from None
    if listener.failure is not None:
        raise listener.failure
    if listener.made is None:
        raise ToolFailed(Code.RENDERER_WITHOUT_RESULT)
    return listener.made, tuple(listener.warnings)


def run_in_slot(module: str, request: Mapping[str, Any], context: ChildContext, ffmpeg: Path) -> tuple[Made, tuple[Reason, ...]]:
    """Run a child that prepares nothing: hold a slot all the time, and end the child early if it cannot end in time.

    Args:
        module: as of `run_child_job`, like the request.
        request: JSON data.
        context: of the item; its slot is entered before the child starts, and left when it has ended.
        ffmpeg: the program, which the child runs.

    Returns:
        What was made, and the warnings.

    Raises:
        ItemError, Stopped: as `run_child_job`; BadInput also if the child cannot end within its limits.
    """
    limits = context.limits
    with context.slot(), RateGuard(limits.wall_s, context.on_progress) as guard:
        return run_child_job(
            module, request, context.scratch.absolute(),
            limits=limits, on_progress=guard, should_stop=context.should_stop, ffmpeg=ffmpeg,
        )  # fmt: skip
