"""Follows a job until it has ended: a live board on a terminal, plain lines elsewhere, JSON for programs."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.live import Live

from dispatcher.codes import Code
from sceneburst.terminal.board import Board
from sceneburst.terminal.screen import err, note
from scenequeue.jobs.ids import ItemId
from scenequeue.jobs.job import JobState, JobStatus
from scenequeue.jobs.waiting_reason import PASSING
from scenequeue.queue import SceneQueue

_REFRESH_S = 0.25
_EVENTS_AT_ONCE = 1000
#: Plans that are shown: those about waiting items.
_TOLD_PLANS = frozenset({Code.PLAN_COVERED, Code.PLAN_LAUNCHES})


def follow(
    queue: SceneQueue,
    job_id: str,
    names: Mapping[ItemId, str],
    *,
    is_quiet: bool = False,
    tell: Callable[[dict[str, Any]], None] | None = None,
    timeout_s: float | None = None,
    check: Callable[[], None] | None = None,
) -> JobStatus:
    """Show a job's progress on standard error until it has ended.

    Args:
        queue: contains the job.
        job_id: the job.
        names: item id -> name, of the items that are known so far, in order; those of later ones are looked up.
        is_quiet: show nothing.
        tell: receives everything as plain data instead: events with the `name` of their item, `plan` and `waits` at each change.
        timeout_s: seconds after which to stop following; the job goes on.
        check: checks the dispatcher that the caller runs, and raises when it has ended; called from time to time. With it, the
            absence of an active dispatcher is not reported, because it is still starting.

    Returns:
        The job's status at the end.
    """
    watch = _Watch(queue, job_id, Board(job_id, names), PASSING if check is None else PASSING | {"no_dispatcher"})
    if tell:
        watch.tell = tell
    elif err.is_terminal and not is_quiet:
        with Live(console=err, auto_refresh=False, transient=True) as live:
            watch.live = live
            status = watch.until_ended(timeout_s, check)
        for line in watch.board.failures():
            note(line)
        return status
    elif not is_quiet:
        watch.say = note
    return watch.until_ended(timeout_s, check)


def _nothing(_: Any) -> None:
    """Report nothing."""


class _Watch:
    """Follows one job.

    Args:
        queue: contains the job.
        job_id: the job.
        board: the known state of the job.
        unreported: codes of reasons to wait that are temporary, and not shown.
    """

    def __init__(self, queue: SceneQueue, job_id: str, board: Board, unreported: frozenset[str]) -> None:
        self._queue, self._job_id, self._untold = queue, job_id, unreported
        self.board = board
        self.say: Callable[[str], None] = _nothing
        self.tell: Callable[[dict[str, Any]], None] = _nothing
        self.live: Live | None = None
        self._after = "0"

    def until_ended(self, timeout_s: float | None, check: Callable[[], None] | None) -> JobStatus:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if check:
                check()
            self._take_events(_REFRESH_S)
            self._take_plan()
            status = self._queue.producer.status(self._job_id)
            self._take_reason(status)
            if self.live:
                # Only a live board shows containers; there may be thousands.
                containers = self._queue.inspect.containers()
                self.board.update_progress(containers)
                self.live.update(self.board.render(self._queue.inspect.depth(), containers, err.width), refresh=True)
            is_over = status.state is not JobState.ACTIVE and not status.counts.leased
            if is_over or (deadline is not None and time.monotonic() >= deadline):
                while self._take_events(0):
                    pass
                return status

    def _take_events(self, block_s: float) -> bool:
        """Apply the events that have happened since; return False if there were none."""
        events = self._queue.producer.events(self._job_id, self._after, block_s=block_s, count=_EVENTS_AT_ONCE)
        if any(event.item_id is not None and event.item_id not in self.board.rows for event in events):
            self.board.learn(self._queue.producer.names(self._job_id))
        for event in events:
            self._after = event.id
            if line := self.board.take(event):
                self.say(line)
            # The lease token is a secret of the container.
            told = event.model_dump(mode="json", exclude={"fields": {"token"}})
            self.tell({**told, "name": self.board.name_of(event.item_id)})
        return bool(events)

    def _take_plan(self) -> None:
        made = self._queue.inspect.plan()
        if made is None or made["why"].code not in _TOLD_PLANS:
            return
        decided = made["why"].text
        if decided != self.board.decision:
            self.board.decision = decided
            self.say(f"plan    {decided}")
            self.tell({"event": "plan", **made["why"].to_json(), "why": decided})

    def _take_reason(self, status: JobStatus) -> None:
        reason = self._queue.inspect.waits_because(status)
        told = reason if reason and reason.code not in self._untold else None
        waits = told.text if told else ""
        if waits != self.board.waits:
            self.board.waits = waits
            if waits:
                self.say(f"waits   {waits}")
            self.tell({"event": "waits", "waits_because": told.to_people() if told else None})
