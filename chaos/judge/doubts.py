"""Jobs that Redis may have forgotten: a fail-over may cost a job whose submission it had answered, whole, and its caller submits
it again. That is forgiven to no other job.
"""

from collections.abc import Callable, Iterable, Iterator

from scenequeue.errors import JobNotFound, QueueUnavailable


class Doubts:
    """Keeps the jobs that are to be looked for."""

    def __init__(self) -> None:
        self._answered_ms: dict[str, int] = {}
        self._open: set[str] = set()

    @property
    def are_open(self) -> bool:
        """True while jobs are left to be looked for."""
        return bool(self._open)

    def note_answered(self, job_id: str, at_ms: int) -> None:
        """Note that a producer was told at that time that this job is there."""
        self._answered_ms[job_id] = at_ms

    def doubt(self, since_ms: int, submitting: Iterable[str]) -> None:
        """Have those jobs looked for that Redis may have forgotten, as it answered for them since a moment.

        Args:
            since_ms: the beginning.
            submitting: jobs on their way, whose producers may have been told just before.
        """
        self._open |= {job_id for job_id, at_ms in self._answered_ms.items() if at_ms >= since_ms}
        self._open |= {*submitting}

    def forgotten(self, submitting: Iterable[str], look: Callable[[str], object]) -> Iterator[str]:
        """Yield those that are not there, each once.

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
