"""The heartbeat: one thread that extends all leases, reports the container's state, and learns of lost leases."""

import os
import socket
import threading
import time
from collections.abc import Sequence
from contextvars import copy_context
from importlib.metadata import version
from pathlib import Path

import structlog

from container_worker.in_flight import InFlightItem, InFlightItems
from container_worker.task_protection import Protection
from container_worker.usage import UsageMeter
from scenequeue.errors import QueueUnavailable, SceneburstError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId, LeaseToken, is_film, is_scene
from scenequeue.jobs.item import Lease
from scenequeue.liveness import touch_alive_file
from scenequeue.logs import LogTail
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.server_check import warn_of_problems

#: Heartbeats per lease time: a lease survives two lost ones.
_BEATS_PER_LEASE = 3
#: Maximum seconds between two heartbeats, so that the reported progress is recent.
_MAX_PAUSE_S = 2.0
#: Seconds that `stop` waits for a running heartbeat.
_LAST_BEAT_S = 3.0


def package_version() -> str:
    """Return the version of the installed package; "" in a tree that is not installed."""
    try:
        return version("sceneburst")
    except ModuleNotFoundError:
        return ""


class Heartbeat:
    """Extends leases and reports until it is stopped. `start` and `stop` are safe twice; `stop` is also safe before `start`.

    Args:
        queue: the queue.
        container_id: the container.
        in_flight: items whose leases are extended; an item whose lease is lost is told to stop.
        lease_s: duration of a lease.
        fleet: name of the fleet, for the container's record.
        alive_file: touched with every heartbeat, even if Redis did not answer.
        isolation: the level at which children are isolated.
        serves: needs of the items that the container can execute.
        tail: the last lines of the log, which are sent with the heartbeats; None sends none.
    """

    def __init__(
        self,
        queue: SceneQueue,
        container_id: ContainerId,
        in_flight: InFlightItems,
        lease_s: float,
        fleet: str,
        alive_file: Path | None = None,
        isolation: str = "",
        serves: Sequence[str] = (),
        tail: LogTail | None = None,
    ) -> None:
        self._queue, self._in_flight, self._lease_s = queue, in_flight, lease_s
        self._log = structlog.get_logger()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._base = ContainerRecord(
            container_id=container_id,
            fleet=fleet,
            slots=in_flight.slots,
            host=socket.gethostname(),
            version=package_version(),
            isolation=isolation,
            serves=" ".join(serves),
            structures=" ".join(map(str, queue.structures)),
        )
        #: Set when the dispatcher or an operator wants this container to drain.
        self.should_drain = threading.Event()
        #: The operator who does; "" for the dispatcher.
        self.drained_by = ""
        #: The reason that this container drains; None as long as it does not.
        self.draining: Reason | None = None
        self._protection = Protection(os.environ)
        self._usage = UsageMeter(fleet)
        self._tail = tail
        #: Number of log lines that have been sent.
        self._sent_lines = 0
        self._alive_file = alive_file
        self._counts = threading.Lock()
        self._done = 0
        self._failed = 0
        self._films = self._others = 0
        self._silent_since: float | None = None
        #: Redis's clock (ms) and our monotonic one (s) at the first beat.
        self._hello: tuple[int, float] | None = None
        #: The same at the last heartbeat: Redis's clock may have jumped since the first.
        self._clock = (0, 0.0)

    def start(self) -> None:
        """Send the first heartbeat at once, then one after every pause."""
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name="heartbeat", daemon=True)
            self._thread.start()

    def stop(self, why: Reason | None) -> None:
        """Stop, and send a goodbye if Redis answers; waits at most 3 s for a running heartbeat."""
        is_first = not self._stop.is_set()
        self._stop.set()
        if self._thread is None or not is_first:
            return
        self._thread.join(_LAST_BEAT_S)
        if self._thread.is_alive() or self._silent_since is not None:
            self._log.warning("no goodbye sent: Redis does not answer")
            return
        try:
            self._send_log()
            self._queue.worker.goodbye(self.record().ended(why) if why else self.record())
        except SceneburstError as error:
            self._log.warning("no goodbye sent", error=error)

    def count_done(self, kind: str) -> None:
        """Add a finished item to the totals."""
        with self._counts:
            self._done += 1
            self._films += is_film(kind)
            self._others += not (is_scene(kind) or is_film(kind))

    def count_failed(self) -> None:
        """Add a failed attempt to the totals."""
        with self._counts:
            self._failed += 1

    def silence_s(self) -> float:
        """Return the seconds for which Redis has not answered the heartbeat; 0 if it answered the last one."""
        since = self._silent_since
        return 0.0 if since is None else time.monotonic() - since

    def record(self) -> ContainerRecord:
        """Return the current state of the container."""
        items = self._in_flight.all()
        with self._counts:
            done, failed, films, others = self._done, self._failed, self._films, self._others
        usage = self._usage.read()
        return self._base.model_copy(
            update={
                "state": "draining" if self.draining else "running",
                "started_ms": self._hello[0] if self._hello else 0,
                "idle_since_ms": 0 if items else self._redis_ms_ago(self._in_flight.idle_s()),
                "held": len(items),
                "done": done,
                "failed": failed,
                "films": films,
                "others": others,
                "is_draining": self.draining is not None,
                "progress": {item.key: round(item.progress, 3) for item in items},
                "remark": self.draining,
                "cpu_share": usage.cpu_share,
                "memory_used_mib": usage.memory_mib,
            }
        )

    def _redis_ms_ago(self, seconds: float) -> int:
        """Return Redis's time this many seconds ago, but not before the first heartbeat; 0 if there was none yet."""
        if self._hello is None:
            return 0
        redis_ms, at = self._clock
        now = time.monotonic()
        return redis_ms + round((now - at - min(seconds, now - self._hello[1])) * 1000)

    def _run(self) -> None:
        pause_s = min(self._lease_s / _BEATS_PER_LEASE, _MAX_PAUSE_S)
        while True:
            began = time.monotonic()
            try:
                self._beat()
            except QueueUnavailable as error:
                self._log_silence("redis does not answer; running items go on", error=error)
            except Exception:
                # Keep beating after an unexpected error: a dead heartbeat thread would silently lose every lease.
                self._log_silence("heartbeat failed; running items go on", exc_info=True)
            touch_alive_file(self._alive_file)
            self._protection.follow(is_working=bool(self._in_flight.all()))
            # From start to start: on a busy machine a heartbeat itself takes time.
            if self._stop.wait(max(0.0, began + pause_s - time.monotonic())):
                return

    def _beat(self) -> None:
        items = {item.lease.token: item for item in self._in_flight.all()}
        if self._hello is None:
            warn_of_problems(self._queue)
        self._clock = (self._queue.inspect.now_ms(), time.monotonic())
        if self._hello is None:
            self._hello = self._clock
            # The idle time that is told begins here, and so does the one after which the container leaves.
            self._in_flight.restart_idle_clock()
        leases = [item.lease for item in items.values()]
        self._stop_lost_items(items, self._queue.worker.extend(self._base.container_id, leases, self._lease_s))
        if self._queue.worker.beat(self.record()) and not self.should_drain.is_set():
            self.drained_by = self._queue.worker.drained_by(self._base.container_id)
            self.should_drain.set()
        self._send_log()
        if self._silent_since is not None:
            self._log.info("redis answers again", after_s=round(self.silence_s(), 1))
            self._silent_since = None

    def _send_log(self) -> None:
        """Send the log lines that have not been sent yet, if any."""
        if self._tail is None:
            return
        news = self._tail.after(self._sent_lines)
        if news.lines:
            self._queue.worker.log(self._base.container_id, news)
            self._sent_lines = news.first + len(news.lines) - 1

    def _stop_lost_items(self, items: dict[LeaseToken, InFlightItem], lost: list[Lease]) -> None:
        for lease in lost:
            item = items[lease.token]
            # The lease of an item whose outcome was just reported is gone as expected.
            if self._in_flight.holds(item) and not item.is_lost:
                self._log.warning("lease lost", item=item.key)
                item.lose()

    def _log_silence(self, event: str, **details: object) -> None:
        if self._silent_since is None:
            self._silent_since = time.monotonic()
            self._log.warning(event, **details)
