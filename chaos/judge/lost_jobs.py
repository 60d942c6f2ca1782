"""Tracks the jobs that Redis may have lost with acknowledged writes.

A fail-over may lose a whole job whose submission was acknowledged; its caller then submits it again. No other job may be lost.
"""

from collections.abc import Callable, Iterable, Iterator

from scenequeue.errors import JobNotFound, QueueUnavailable


class LostJobs:
    """The jobs whose existence has to be checked."""

    def __init__(self) -> None:
        self._acknowledged_ms: dict[str, int] = {}
        self._open: set[str] = set()

    @property
    def has_open(self) -> bool:
        """True while jobs remain to be checked."""
        return bool(self._open)

    def note_acknowledged(self, job_id: str, at_ms: int) -> None:
        """Record when a producer was told that its job exists."""
        self._acknowledged_ms[job_id] = at_ms

    def check_since(self, since_ms: int, submitting: Iterable[str]) -> None:
        """Add the jobs that were acknowledged since a moment to those to be checked.

        Args:
            since_ms: writes acknowledged from then on may be lost.
            submitting: jobs being submitted; their producers may have been told just before.
        """
        self._open |= {job_id for job_id, at_ms in self._acknowledged_ms.items() if at_ms >= since_ms}
        self._open |= {*submitting}

    def find_lost(self, submitting: Iterable[str], look_up: Callable[[str], object]) -> Iterator[str]:
        """Yield the jobs that do not exist any more, each once.

        Args:
            submitting: jobs being submitted, which are checked later.
            look_up: raises JobNotFound for a lost job, QueueUnavailable if Redis does not answer.
        """
        for job_id in sorted(self._open - {*submitting}):
            try:
                look_up(job_id)
            except QueueUnavailable:
                return
            except JobNotFound:
                yield job_id
            self._open.discard(job_id)
