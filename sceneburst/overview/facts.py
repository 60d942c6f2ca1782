"""Reads all that the front view is made of, at a cost that grows with neither jobs nor items nor dead letters."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from scenequeue.errors import SettingsError
from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.job import Depth, Pause, WaitingItems
from scenequeue.jobs.rollup import Resolution, Rollup
from scenequeue.ports.troubles.dead_reasons import DeadReason
from scenequeue.ports.troubles.failing_callbacks import FailingReceiver
from scenequeue.ports.troubles.retries import Retry
from scenequeue.ports.troubles.stuck_items import StuckItem
from scenequeue.published.decision import Decision
from scenequeue.published.facts import Facts, facts_of
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason

#: Reasons of dead letters, containers, decisions and pauses that are looked at: the most frequent, and the newest.
REASONS, CONTAINERS, DECISIONS, PAUSES = 10, 100, 100, 20
#: Slots of the history: an hour each, of today and the week before; a minute each, of the last full one.
_HOURS, _MINUTES = 8 * 24 + 2, 3
#: A part is read again after so many times the duration of its last reading, so that a large queue costs little.
_REST = 50
#: The same at least, for what changes seldom.
_SERVER_S, _HOURS_S, _RECEIVERS_S, _DECISIONS_S, _STUCK_S = 1.0, 10.0, 1.0, 2.0, 1.0


@dataclass(frozen=True)
class QueueFacts:
    """All that is known of a queue at one moment. A part that may not be read is empty, and `unreadable` is the reason."""

    #: Redis clock.
    at_ms: int
    depth: Depth
    waiting: tuple[WaitingItems, ...] = ()
    #: None if no dispatcher has planned in the last minute.
    plan: Mapping[str, Any] | None = None
    has_dispatcher: bool = False
    #: As the dispatcher published them with its plan.
    published: Facts = field(default_factory=Facts)
    #: Of everything, of lanes, and of the jobs that were paused last.
    pauses: tuple[Pause, ...] = ()
    dead_reasons: tuple[DeadReason, ...] = ()
    retries: tuple[Retry, ...] = ()
    #: The newest ones.
    containers: tuple[ContainerRecord, ...] = ()
    stuck_items: tuple[StuckItem, ...] = ()
    receivers: tuple[FailingReceiver, ...] = ()
    decisions: tuple[Decision, ...] = ()
    #: History by hours and by minutes.
    hours: tuple[Rollup, ...] = ()
    minutes: tuple[Rollup, ...] = ()
    #: Fields of INFO; None if unknown.
    server: Mapping[str, Any] | None = None
    #: True if the queue is meant to end with its Redis.
    is_transient: bool = False
    #: Structures of the queue that this program knows, newest first.
    structures: tuple[int, ...] = (2,)
    unreadable: Reason | None = None


_Read = TypeVar("_Read")


class _Kept(Generic[_Read]):
    """A part of the facts that is read anew only after a pause."""

    def __init__(self, read: Callable[[], _Read], pause_s: float) -> None:
        self._read, self._pause_s = read, pause_s
        self._value: _Read | None = None
        self._due_s = 0.0

    def __call__(self) -> _Read:
        if self._value is None or time.monotonic() >= self._due_s:
            # Our own time, not that of a busy machine.
            began_s = time.thread_time()
            self._value = self._read()
            self._due_s = time.monotonic() + max(self._pause_s, _REST * (time.thread_time() - began_s))
        return self._value


class FactReader:
    """Reads the facts of one queue, as often as once a second.

    Args:
        queue: the queue, as an operator.
    """

    def __init__(self, queue: SceneQueue) -> None:
        # Not the queue itself, so that one who keeps readers by queue does not keep queues.
        self._inspect, self._structures = queue.inspect, queue.structures
        inspect = queue.inspect
        self._containers = _Kept(lambda: inspect.containers(CONTAINERS), 0)
        self._stuck = _Kept(inspect.stuck_items, _STUCK_S)
        self._receivers = _Kept(inspect.failing_receivers, _RECEIVERS_S)
        self._decisions = _Kept(lambda: inspect.decisions(DECISIONS), _DECISIONS_S)
        self._hours = _Kept(lambda: inspect.history(Resolution.HOUR, _HOURS), _HOURS_S)
        self._server = _Kept(inspect.server, _SERVER_S)
        self._unreadable: Reason | None = None

    def read(self) -> QueueFacts:
        """Read all facts. Cost: some twenty round trips.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        inspect = self._inspect
        self._unreadable = None
        plan = inspect.plan()
        return QueueFacts(
            at_ms=inspect.now_ms(),
            depth=inspect.depth(),
            waiting=tuple(inspect.waiting()),
            plan=plan,
            has_dispatcher=self._allowed(inspect.has_dispatcher, plan is not None),
            published=facts_of(plan),
            pauses=tuple(self._allowed(lambda: inspect.pauses(PAUSES), [])),
            dead_reasons=tuple(self._allowed(lambda: inspect.dead_reasons(REASONS), [])),
            retries=tuple(self._allowed(inspect.retries, [])),
            containers=tuple(self._allowed(self._containers, [])),
            stuck_items=tuple(self._allowed(self._stuck, [])),
            receivers=tuple(self._allowed(self._receivers, [])),
            decisions=tuple(self._allowed(self._decisions, [])),
            hours=tuple(self._allowed(self._hours, [])),
            minutes=tuple(self._allowed(lambda: inspect.history(Resolution.MINUTE, _MINUTES), [])),
            server=self._allowed(self._server, None),
            is_transient=self._allowed(inspect.is_transient, False),
            structures=self._structures,
            unreadable=self._unreadable,
        )

    def _allowed(self, read: Callable[[], _Read], otherwise: _Read) -> _Read:
        """Return a part; where this user of Redis may not read it, another value, and note the reason."""
        try:
            return read()
        except SettingsError as error:
            self._unreadable = self._unreadable or error.reason
            return otherwise
