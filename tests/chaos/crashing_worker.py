"""The worker program, killed after its n-th effect on the world: on the queue, or on storage."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from container_worker.main import main
from scenequeue.storage import UriStorage
from scenequeue.work import WorkerPort

#: What changes something outside, or could: before each and after each is a moment to die at.
_EFFECTS: tuple[tuple[type, str], ...] = (
    (WorkerPort, "lease"),
    (UriStorage, "get"),
    (UriStorage, "stat"),
    (WorkerPort, "begin"),
    (UriStorage, "put"),
    (WorkerPort, "ack"),
)


class Countdown:
    """Kills this process when it has counted so many effects. Thread-safe."""

    def __init__(self, effects: int) -> None:
        self._left = effects
        self._lock = threading.Lock()

    def wrap(self, owner: type, name: str) -> None:
        """Count calls of a method, where they are not in vain."""
        inner: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **more: Any) -> Any:
            result = inner(*arguments, **more)
            if name != "lease" or result:
                self._count(name)
            return result

        setattr(owner, name, counted)

    def _count(self, name: str) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                sys.stderr.write(f"dies after {name}\n")
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    countdown = Countdown(int(os.environ["CRASH_AFTER"]))
    for owner, name in _EFFECTS:
        countdown.wrap(owner, name)
    sys.exit(main())
