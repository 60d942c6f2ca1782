"""The worker program, which kills itself at its n-th effect: after a call to queue or storage, or in the middle of one."""

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from container_worker import heartbeat, main as program
from container_worker.files.inputs import Input
from container_worker.kind import ItemContext, Kind, Made, ParsedItem
from container_worker.kinds import load_kinds
from container_worker.kinds.render import Render
from container_worker.media.child_process import _Listener
from scenequeue.errors import ToolFailed
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.kinds.render import RenderOptions, RenderPayload
from scenequeue.ports.worker import WorkerPort
from scenequeue.storages import files, s3
from scenequeue.storages.uri import UriStorage
from tests.container_worker.function_kind import kinds_of

#: Calls that change something outside the process, or could; it can be killed after each.
_EFFECTS: tuple[tuple[type, str], ...] = (
    (WorkerPort, "lease"),
    (UriStorage, "get"),
    (UriStorage, "stat"),
    (WorkerPort, "begin"),
    (WorkerPort, "note"),
    (WorkerPort, "grow"),
    (UriStorage, "put"),
    (WorkerPort, "ack"),
    (WorkerPort, "fail"),
    (WorkerPort, "release"),
)
#: Items that an item of kind `split` brings.
PARTS = 3
#: Calls of the heartbeat, which are timed: a kill after one must name it.
_BEATS: tuple[tuple[type, str], ...] = ((WorkerPort, "extend"), (WorkerPort, "beat"))


class Countdown:
    """Logs all effects, and kills this process at one of them. Thread-safe.

    Args:
        dies_at: "3" is the third effect, "extend 2" the second of that name, "" none.
        log: gets a line per effect.
    """

    def __init__(self, dies_at: str, log: Path) -> None:
        name, _, number = dies_at.rpartition(" ")
        self._name, self._left, self._log = name, int(number or 0), log
        self._lock = threading.Lock()

    def wrap(self, owner: type, name: str, *, is_beat: bool = False) -> None:
        """Count the calls of a method that have an effect."""
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
        """Count the first bytes of an upload to S3 as an effect; for a file the callback comes after it is whole."""
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
        """Count one effect."""
        with self._lock:
            if not is_beat:
                with self._log.open("a") as log:
                    log.write(f"{name}\n")
            if self._name == name or (not self._name and not is_beat):
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def _hears(countdown: Countdown) -> None:
    """Count the first frame of a scene as an effect."""
    inner = _Listener.on_line

    def on_line(self: _Listener, line: str) -> bytes | None:
        answer = inner(self, line)
        if '"frame": 1,' in line:
            countdown.count("inside render")
        return answer

    _Listener.on_line = on_line  # type: ignore[method-assign]


def _syncs(countdown: Countdown) -> None:
    """Count a video's copy that has not been renamed yet as an effect."""
    inner = files._sync

    def sync(path: Path) -> None:
        inner(path)
        if path.is_file():
            countdown.count("inside put")

    files._sync = sync


class _AfterAll(Render):
    """Renders after a given action."""

    def __init__(self, action: Callable[[ItemContext], None]) -> None:
        self._action = action

    def inputs(self, item: ParsedItem[RenderPayload, RenderOptions]) -> Iterator[Input]:
        self._action(item.context)
        yield from super().inputs(item)


def _splits(context: ItemContext) -> Made:
    """Brings items for the next stage, as many as an attempt has noted before."""
    parts = context.lease.notes.get("parts")
    with context.slot():
        if parts is None:
            parts = str(PARTS)
            context.note({"parts": parts, "attempt": str(context.lease.attempt)})
        return Made(brings=[WorkItem(kind="part", name=f"part-{number}", payload={}) for number in range(int(parts))])


def _part(context: ItemContext) -> None:
    with context.slot():
        pass


def _render(way: str) -> Kind:
    """BlockMode an item's first attempt goes: made, made after some heartbeats, failed, or broken off by a drain."""

    def lingers(context: ItemContext) -> None:
        context.should_stop.wait(60)

    def fails(context: ItemContext) -> None:
        if context.lease.attempt == 1:
            raise ToolFailed("the first attempt fails")

    def drains(context: ItemContext) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        context.should_stop.wait(60)

    return _AfterAll({"makes": lambda _context: None, "lingers": lingers, "fails": fails, "drains": drains}[way])


if __name__ == "__main__":
    # Leases are long, so that no load ends one; beats come soon all the same.
    heartbeat._MAX_PAUSE_S = 0.3
    countdown = Countdown(os.environ.get("CRASH_AT", ""), Path(os.environ["CRASH_LOG"]))
    for owner, name in _EFFECTS:
        countdown.wrap(owner, name)
    for owner, name in _BEATS:
        countdown.wrap(owner, name, is_beat=True)
    _hears(countdown)
    _syncs(countdown)
    # Multipart, so that an upload can be interrupted.
    s3.MULTIPART_BYTES = 1
    s3._TRANSFER = s3.TransferConfig(multipart_threshold=1)
    kinds = {
        **load_kinds(),
        "render": _render(os.environ.get("CRASH_WAY", "makes")),
        **kinds_of({"split": _splits, "part": _part}),
    }
    program.run = functools.partial(program.run, kinds=kinds)
    sys.exit(program.main())
