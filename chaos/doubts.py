"""Jobs that Redis may have forgotten: a fail-over may cost a job whose submission it had answered, whole, and its caller submits
it again. That is forgiven to no other job.
"""

from collections.abc import Callable, Iterable, Iterator

from scenequeue.errors import JobNotFound, QueueUnavailable


class Doubts:
    """Which jobs are to be looked for."""

    def __init__(self) -> None:
        self._answered_ms: dict[str, int] = {}
        self._open: set[str] = set()

    @property
    def are_open(self) -> bool:
        """Whether there are jobs of which nobody knows."""
        return bool(self._open)

    def note_answered(self, job_id: str, at_ms: int) -> None:
        """A producer was told at that time that this job is there."""
        self._answered_ms[job_id] = at_ms

    def doubt(self, since_ms: int, submitting: Iterable[str]) -> None:
        """Redis may have forgotten what it has answered since.

        Args:
            since_ms: the beginning.
            submitting: jobs on their way, whose producers may have been told just before.
        """
        self._open |= {job_id for job_id, at_ms in self._answered_ms.items() if at_ms >= since_ms}
        self._open |= {*submitting}

    def forgotten(self, submitting: Iterable[str], look: Callable[[str], object]) -> Iterator[str]:
        """Those that are not there; each is told once.

        Args:
            submitting: jobs on their way, which are looked for later.
            look: raises JobNotFound for such a job, QueueUnavailable where Redis does not say.
        """
        for job_id in sorted(self._open - {*submitting}):
            try:
                look(job_id)
            except QueueUnavailable:
                return
            except JobNotFound:
                yield job_id
            self._open.discard(job_id)
