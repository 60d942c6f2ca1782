"""Watching a job until it has ended: a live board on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Sequence

from rich.live import Live

from sceneburst.board import Board
from sceneburst.screen import err, shown
from scenequeue.items import JobState, JobStatus
from scenequeue.queue import SceneQueue
from scenequeue.waiting import PASSING

_REFRESH_S = 0.25


def follow(
    queue: SceneQueue,
    job_id: str,
    names: Sequence[str],
    *,
    is_quiet: bool = False,
    timeout_s: float | None = None,
    check: Callable[[], None] | None = None,
) -> JobStatus:
    """Show a job's progress on standard error until it has ended.

    Args:
        queue: where the job is.
        job_id: which.
        names: its scenes' names in order.
        is_quiet: show nothing.
        timeout_s: stop watching after so long; the job goes on.
        check: of the dispatcher that the caller runs; called now and then, raises when it has ended. With one, it is not told
            that no dispatcher has acted: it is only starting.

    Returns:
        The job's status at the end.
    """
    board = Board(job_id, names)
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    if err.is_terminal and not is_quiet:
        with Live(console=err, auto_refresh=False, transient=True) as live:
            return _watch(queue, job_id, board, deadline, check, live=live)
    return _watch(queue, job_id, board, deadline, check, say=None if is_quiet else _say)


def _say(line: str) -> None:
    err.print(shown(line), highlight=False, markup=False, soft_wrap=True)


def _watch(
    queue: SceneQueue,
    job_id: str,
    board: Board,
    deadline: float | None,
    check: Callable[[], None] | None,
    live: Live | None = None,
    say: Callable[[str], None] | None = None,
) -> JobStatus:
    after = "0"
    untold = PASSING if check is None else PASSING | {"no_dispatcher"}
    while True:
        if check:
            check()
        for event in queue.producer.events(job_id, after, block_s=_REFRESH_S, count=1000):
            after = event.id
            line = board.take(event)
            if line and say:
                say(line)
        containers = queue.inspect.containers()
        board.look_at(containers)
        decided = (queue.inspect.plan() or {}).get("why", "")
        if decided != board.decision and "→" in decided:
            board.decision = decided
            if say:
                say(f"plan    {decided}")
        status = queue.producer.status(job_id)
        reason = queue.inspect.waits_because(status)
        waits = reason.text if reason and reason.code not in untold else ""
        if waits != board.waits:
            board.waits = waits
            if say and waits:
                say(f"waits   {waits}")
        if live:
            live.update(board.render(queue.inspect.depth(), containers), refresh=True)
        is_over = status.state is not JobState.ACTIVE and not status.counts.leased
        if is_over or (deadline is not None and time.monotonic() >= deadline):
            for event in queue.producer.events(job_id, after, count=1000):
                line = board.take(event)
                if line and say:
                    say(line)
            return status
