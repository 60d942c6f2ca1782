"""The real worker program with two more kinds, so that tests decide how long an item takes."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from container_worker import heartbeat, in_flight
from container_worker.kind import ItemContext
from container_worker.kinds import load_kinds
from container_worker.main import run
from container_worker.sandbox.child import Stopped
from scenequeue.errors import BadInput, ToolFailed
from scenequeue.reasons import load_words
from scenequeue.settings import WorkerSettings
from tests.container_worker.function_kind import kinds_of


def wait(work: ItemContext) -> None:
    """Hold a slot until a file appears, or be stopped; log start and end."""
    payload = work.lease.item.payload
    folder = Path(payload["folder"])
    with work.slot():
        _log(folder, f"start {work.lease.item_id} {os.getpid()}")
        while not (folder / payload.get("until", "go")).exists():
            if work.should_stop.wait(0.01):
                _log(folder, f"stopped {work.lease.item_id} {os.getpid()}")
                raise Stopped("told to")
    _log(folder, f"end {work.lease.item_id} {os.getpid()}")


def use(work: ItemContext) -> None:
    """Hold as many descriptors at once as the payload says."""
    with work.slot(), contextlib.ExitStack() as files:
        for _ in range(int(work.lease.item.payload["descriptors"])):
            files.enter_context((work.scratch / "file").open("w"))


def misbehave(work: ItemContext) -> None:
    """Fail in the way the payload says."""
    how = work.lease.item.payload["how"]
    if how == "kill":
        with work.slot():
            os.kill(os.getpid(), signal.SIGKILL)
    if how == "bad":
        raise BadInput("image: not a picture")
    if how == "tool":
        raise ToolFailed("ffmpeg ended with code 1")
    raise ValueError(f"a bug: {how}")


class _IdleClock:
    """Runs as the real one, and is ahead by as many seconds as a file says.

    Args:
        ahead: the file.
    """

    def __init__(self, ahead: Path) -> None:
        self._ahead = ahead

    def monotonic(self) -> float:
        """Return the seconds by which idle time is counted."""
        return time.monotonic() + self.ahead_s()

    def ahead_s(self) -> int:
        """Return the seconds by which it is ahead."""
        return int(self._ahead.read_text() or 0) if self._ahead.exists() else 0


def _count_idle_time_by(clock: _IdleClock, log: Path) -> None:
    """Count it by another clock, and log how far that is ahead whenever idle time is counted anew."""
    restart = in_flight.InFlightItems.restart_idle_clock

    def restart_and_log(items: in_flight.InFlightItems) -> None:
        ahead_s = clock.ahead_s()
        restart(items)
        with log.open("a") as file:
            file.write(f"{ahead_s}\n")

    in_flight.time = clock  # type: ignore[assignment]
    in_flight.InFlightItems.restart_idle_clock = restart_and_log  # type: ignore[method-assign]


def _log(folder: Path, line: str) -> None:
    with (folder / "log").open("a") as file:
        file.write(f"{line} {time.time()}\n")


if __name__ == "__main__":
    load_words()
    # Leases are long, so that no load ends one; what a beat brings is learned soon all the same.
    heartbeat._MAX_PAUSE_S = 0.3
    if "IDLE_CLOCK" in os.environ:
        _count_idle_time_by(_IdleClock(Path(os.environ["IDLE_CLOCK"])), Path(os.environ["IDLE_TIME_COUNTED_ANEW"]))
    sys.exit(run(WorkerSettings.load(), {**load_kinds(), **kinds_of({"wait": wait, "use": use, "misbehave": misbehave})}))
