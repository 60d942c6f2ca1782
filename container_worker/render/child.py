"""The parent's side of a render child: its request goes in as JSON, what it says is taken in line by line."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from container_worker.ffmpeg import Limits, run_child
from scenequeue import errors
from scenequeue.errors import ItemError, ToolFailed


class _Listener:
    """Takes in what a render child says."""

    def __init__(self, on_progress: Callable[[float], None]) -> None:
        self._on_progress = on_progress
        self.warnings: list[str] = []
        self.done: dict[str, Any] | None = None
        self.failure: ItemError | None = None

    def hear(self, line: str) -> None:
        said = json.loads(line)
        if "frame" in said:
            self._on_progress(said["frame"] / said["of"])
        elif "warning" in said:
            self.warnings.append(said["warning"])
        elif "done" in said:
            self.done = said["done"]
        elif "error" in said:
            self.failure = getattr(errors, said["error"])(said["message"])


def converse(
    module: str,
    request: Mapping[str, Any],
    scratch: Path,
    *,
    limits: Limits,
    on_progress: Callable[[float], None],
    should_stop: threading.Event | None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Run a module of ours as a confined child, and hear it out.

    Args:
        module: what to run; it speaks as container_worker.render.__main__ says.
        request: JSON data, under 64 KiB.
        scratch: the child's working folder.
        limits: for the child and its ffmpeg, each.
        on_progress: called in this thread with the share done, 0 to 1.
        should_stop: kills the child's group within 50 ms of being set.

    Returns:
        What was made, and the warnings.

    Raises:
        ItemError: BadInput and the like, as the child said, or as its end means. Stopped: `should_stop` was set.
    """
    listener = _Listener(on_progress)
    try:
        run_child(
            [sys.executable, "-P", "-m", module], program="the renderer", limits=limits, folder=scratch,
            stdin=json.dumps(request).encode(), should_stop=should_stop, on_line=listener.hear,
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
