"""The worker program, killed after its n-th effect on the world: on the queue, on storage, or in the middle of one."""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from container_worker import main as program
from container_worker.files.inputs import Input
from container_worker.kind import ItemContext, Kind, ParsedItem
from container_worker.kinds import load_kinds
from container_worker.kinds.render import Render
from container_worker.media.child_process import _Listener
from scenequeue.errors import ToolFailed
from scenequeue.jobs.kinds.render import RenderOptions, RenderPayload
from scenequeue.ports.worker import WorkerPort
from scenequeue.storages import files, s3
from scenequeue.storages.uri import UriStorage

#: What changes something outside, or could: after each is a moment to die at.
_EFFECTS: tuple[tuple[type, str], ...] = (
    (WorkerPort, "lease"),
    (UriStorage, "get"),
    (UriStorage, "stat"),
    (WorkerPort, "begin"),
    (UriStorage, "put"),
    (WorkerPort, "ack"),
    (WorkerPort, "fail"),
    (WorkerPort, "release"),
)
#: The heart's, which come when they come: only by their names are they moments to die at.
_BEATS: tuple[tuple[type, str], ...] = ((WorkerPort, "extend"), (WorkerPort, "beat"))


class Countdown:
    """Kills this process at one effect, and writes all down that came before. Thread-safe.

    Args:
        dies_at: "3" is the third effect, "extend 2" the second of that name, "" none.
        log: gets a line per effect.
    """

    def __init__(self, dies_at: str, log: Path) -> None:
        name, _, number = dies_at.rpartition(" ")
        self._name, self._left, self._log = name, int(number or 0), log
        self._lock = threading.Lock()

    def wrap(self, owner: type, name: str, *, is_beat: bool = False) -> None:
        """Count calls of a method, where they are not in vain."""
        inner: Callable[..., Any] = getattr(owner, name)

        @wraps(inner)
        def counted(*arguments: Any, **more: Any) -> Any:
            if name == "put" and str(arguments[2]).startswith("s3://"):
                self._watch(more)
            result = inner(*arguments, **more)
            is_in_vain = (name == "lease" and not result) or (name == "extend" and not arguments[2])
            if not is_in_vain:
                self.count(name, is_beat=is_beat)
            return result

        setattr(owner, name, counted)

    def _watch(self, more: dict[str, Any]) -> None:
        """The first bytes of an upload are a moment, too; a file's callback comes when it is there."""
        on_bytes, is_first = more.get("on_bytes"), True

        def counted(size: int) -> None:
            nonlocal is_first
            if is_first:
                is_first = False
                self.count("inside put")
            if on_bytes:
                on_bytes(size)

        more["on_bytes"] = counted

    def count(self, name: str, *, is_beat: bool = False) -> None:
        """One effect more."""
        with self._lock:
            if not is_beat:
                with self._log.open("a") as log:
                    log.write(f"{name}\n")
            if self._name == name or (not self._name and not is_beat):
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def _hears(countdown: Countdown) -> None:
    """The first frame of a scene is a moment, too."""
    inner = _Listener.hear

    def hear(self: _Listener, line: str) -> bytes | None:
        answer = inner(self, line)
        if '"frame": 1,' in line:
            countdown.count("inside render")
        return answer

    _Listener.hear = hear  # type: ignore[method-assign]


def _syncs(countdown: Countdown) -> None:
    """So is a video's copy that has not got its name yet."""
    inner = files._sync

    def sync(path: Path) -> None:
        inner(path)
        if path.is_file():
            countdown.count("inside put")

    files._sync = sync


class _AfterAll(Render):
    """Renders, after an action of ours."""

    def __init__(self, action: Callable[[ItemContext], None]) -> None:
        self._action = action

    def inputs(self, item: ParsedItem[RenderPayload, RenderOptions]) -> Iterator[Input]:
        self._action(item.context)
        yield from super().inputs(item)


def _render(way: str) -> Kind:
    """How an item's first attempt goes: made, made after some heartbeats, failed, or broken off by a drain."""

    def lingers(context: ItemContext) -> None:
        context.should_stop.wait(1.5)

    def fails(context: ItemContext) -> None:
        if context.lease.attempt == 1:
            raise ToolFailed("for this once")

    def drains(context: ItemContext) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        context.should_stop.wait(30)

    return _AfterAll({"makes": lambda _context: None, "lingers": lingers, "fails": fails, "drains": drains}[way])


if __name__ == "__main__":
    countdown = Countdown(os.environ.get("CRASH_AT", ""), Path(os.environ["CRASH_LOG"]))
    for owner, name in _EFFECTS:
        countdown.wrap(owner, name)
    for owner, name in _BEATS:
        countdown.wrap(owner, name, is_beat=True)
    _hears(countdown)
    _syncs(countdown)
    # So that an upload has an inside.
    s3.MULTIPART_BYTES = 1
    s3._TRANSFER = s3.TransferConfig(multipart_threshold=1)
    kinds = {**load_kinds(), "render": _render(os.environ.get("CRASH_WAY", "makes"))}
    program.run = functools.partial(program.run, kinds=kinds)
    sys.exit(program.main())
