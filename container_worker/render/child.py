"""The parent's side of a render child: its request goes in as JSON, what it says is taken in line by line.

A child may prepare itself before it has a slot: then it says so, and waits for its turn.
"""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

from container_worker.ffmpeg import Limits, run_child
from scenequeue import errors
from scenequeue.errors import ItemError, ToolFailed
from scenequeue.reasons import Reason


class _Listener:
    """Takes in what a render child says; its turn, once it has it, lasts until `turns` is closed."""

    def __init__(self, on_progress: Callable[[float], None], turn: Callable[[], AbstractContextManager[None]]) -> None:
        self._on_progress, self._turn = on_progress, turn
        self.turns = ExitStack()
        self.warnings: list[Reason] = []
        self.done: dict[str, Any] | None = None
        self.failure: ItemError | None = None

    def hear(self, line: str) -> bytes | None:
        said = json.loads(line)
        if "ready" in said:
            self.turns.enter_context(self._turn())
            return b"go\n"
        if "frame" in said:
            self._on_progress(said["frame"] / said["of"])
        elif "warning" in said:
            self.warnings.append(Reason.from_json(said["warning"]))
        elif "done" in said:
            self.done = said["done"]
        elif "error" in said:
            self.failure = getattr(errors, said["error"])(said["message"])
        return None


def converse(
    module: str,
    request: Mapping[str, Any],
    scratch: Path,
    *,
    limits: Limits,
    on_progress: Callable[[float], None],
    should_stop: threading.Event | None,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[dict[str, Any], tuple[Reason, ...]]:
    """Run a module of ours as a confined child, and hear it out.

    Args:
        module: what to run; it speaks as container_worker.render.__main__ says.
        request: JSON data, under 64 KiB.
        scratch: the child's working folder.
        limits: for the child and its ffmpeg, each.
        on_progress: called in this thread with the share done, 0 to 1.
        should_stop: kills the child's group within 50 ms of being set.
        turn: entered once the child is prepared, if need be after waiting, and left when it has ended.

    Returns:
        What was made, and the warnings.

    Raises:
        ItemError: BadInput and the like, as the child said, or as its end means. Stopped: `should_stop` was set.
    """
    listener = _Listener(on_progress, turn)
    try:
        with listener.turns:
            run_child(
                [sys.executable, "-P", "-m", module], program="the renderer", limits=limits, folder=scratch,
                stdin=json.dumps(request).encode() + b"\n", should_stop=should_stop, on_line=listener.hear,
            )  # fmt: skip
    except ToolFailed as error:
        if listener.failure is None:
            raise
        # The child's own words when it has better ones than "ended with code 3", with what ffmpeg said under them.
        said = str(error).partition("\n")[2]
        raise (type(listener.failure)(f"{listener.failure}\n{said}".rstrip()) if said else listener.failure) from None
    if listener.failure is not None:
        raise listener.failure
    if listener.done is None:
        raise ToolFailed("the renderer ended without a result")
    return listener.done, tuple(listener.warnings)
