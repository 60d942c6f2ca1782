"""Steps of an operator: pause and resume, change limits, requeue and discard dead letters."""

from collections.abc import Iterator, Mapping, Sequence

from scenequeue.errors import JobConflict, JobNotFound
from scenequeue.jobs.ids import JobId
from scenequeue.jobs.job import Lane
from scenequeue.ports.steering.audit_log import act_words, run_on_holders
from scenequeue.ports.steering.dead_search import DeadFilter, Progress, act_on_all
from scenequeue.ports.steering.limits import change_limits, reset_limits
from scenequeue.ports.steering.pauses import set_pause
from scenequeue.ports.steering.undo import undo_limits
from scenequeue.reasons import Code
from scenequeue.structure.connection import Connection


class OperatorPort:
    """Steps of operators.

    `by` is the operator's name in the audit log, and `why` the reason that the operator gives; up to 200 characters of
    each are kept. `by` of "" is a program, whose acts are not logged.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pause(self, by: str = "", why: str = "", *, lane: Lane | None = None, job: JobId | str | None = None) -> bool:
        """Stop giving out leases of a lane, or of a job, or without either of them of everything; leased items go on.

        A pause that is there already is kept, with its operator and its time. That of a job ends with the job.

        Returns:
            True if it was not paused.

        Raises:
            JobNotFound: there is no such job.
            JobConflict: the job has ended.
        """
        return set_pause(self._connection, lane, job, is_pause=True, by=by, why=why)

    def resume(
        self,
        by: str = "",
        why: str = "",
        *,
        lane: Lane | None = None,
        job: JobId | str | None = None,
        since_ms: int | None = None,
    ) -> bool:
        """Give out leases again; each pause ends by itself alone, so what another pause is about too stays paused.

        Args:
            by: see the class.
            why: see the class.
            lane: resume only this lane.
            job: resume only this job.
            since_ms: end only the pause that began at this time; None ends any.

        Returns:
            True if a pause has ended.

        Raises:
            JobNotFound: there is no such job.
        """
        return set_pause(self._connection, lane, job, is_pause=False, by=by, why=why, since_ms=since_ms)

    def drain(self, container_id: str, by: str = "", why: str = "") -> None:
        """Mark a container to get no more leases; it finishes its items and leaves. Idempotent."""
        self._connection.run("drain", container_id, "", *act_words(by, why))

    def stop(self, container_id: str, by: str = "", why: str = "") -> bool:
        """Mark a container to be stopped by the acting dispatcher at its next tick; then what it holds is ready again.

        Idempotent. It gets no more leases from now on. No attempt counts for its items. Without a dispatcher it drains.

        Returns:
            False if there is no such container, or it has ended: nothing was marked.
        """
        return bool(self._connection.run("stop", container_id, *act_words(by, why)))

    def requeue_all(self, wanted: DeadFilter, by: str = "", why: str = "") -> Iterator[Progress]:
        """Requeue all dead letters that match; yields the progress after each of several steps. Safe to run twice at once."""
        return act_on_all(self._connection, "requeue", wanted, by, why)

    def discard_all(self, wanted: DeadFilter, by: str = "", why: str = "") -> Iterator[Progress]:
        """Discard all dead letters that match; otherwise as `requeue_all`."""
        return act_on_all(self._connection, "discard", wanted, by, why)

    def set_limits(
        self, values: Mapping[str, str], by: str = "", why: str = "", *, seen: Mapping[str, str] | None = None
    ) -> None:
        """Change limits of the dispatcher, from its next tick on: all of them, or none if one is refused.

        Args:
            values: name -> value as text, as in the setting of the same name.
            by: see the class.
            why: see the class.
            seen: name -> the value that the operator has seen, as text ("environment" for none); of others, any may be changed.

        Raises:
            SettingsError: there is no such limit, or its setting refuses the value.
            ActConflict: somebody has changed one of them since the operator saw it, who is named.
        """
        change_limits(self._connection, values, by, why, seen or {})

    def reset_limits(self, names: Sequence[str], by: str = "", why: str = "", *, seen: Mapping[str, str] | None = None) -> None:
        """Reset limits to the settings in the dispatcher's environment. Idempotent. Arguments and errors as `set_limits`."""
        reset_limits(self._connection, names, by, why, seen or {})

    def undo(self, *entries: str, by: str = "", why: str = "") -> list[str]:
        """Give limits the values that they had before these acts: all of them, or none; return their names.

        Safe if two do it at once: a limit that anybody has changed since the act is left as it is.

        Args:
            entries: of the audit log, `Act.entry`.
            by: see the class.
            why: see the class.

        Raises:
            ActConflict: an entry is no change of a limit; or somebody has changed the limit since, who is named.
            SettingsError: a setting refuses the value from before.
        """
        return undo_limits(self._connection, entries, by, why)

    def mark_transient(self) -> None:
        """Mark the queue as one that is meant to end with its Redis, so that no program warns of that. Idempotent."""
        with self._connection.translated():
            self._connection.client.hset(self._connection.keys.control, "transient", 1)

    def requeue(self, job_id: str, item_id: str, by: str = "", why: str = "") -> None:
        """Make the item of a dead letter ready again, with all its attempts; its job becomes active.

        If several structures hold a job of this id, it reaches the letter in each of them.

        Raises:
            JobNotFound: there is no such dead letter.
            JobConflict: its job was cancelled, or there is no item in the letter.
        """
        answers = {*run_on_holders(self._connection, "requeue", act_words(by, why), job_id, item_id)}
        if "ready" in answers:
            return
        if "cancelled" in answers:
            raise JobConflict(Code.JOB_CANCELLED, job_id=job_id)
        if "malformed" in answers:
            raise JobConflict(Code.LETTER_WITHOUT_ITEM, item_id=item_id, job_id=job_id)
        raise JobNotFound(Code.LETTER_UNKNOWN, item_id=item_id, job_id=job_id)

    def retry_now(self, job_id: str, by: str = "", why: str = "") -> int:
        """Make all retries of a job due now; they are ready at the dispatcher's next tick. Idempotent.

        Returns:
            How many were due later.

        Raises:
            JobNotFound: there is no such job.
        """
        answers = [int(answer) for answer in run_on_holders(self._connection, "retry_now", act_words(by, why), job_id)]
        if not answers or max(answers) < 0:
            raise JobNotFound(Code.JOB_UNKNOWN, job_id=job_id)
        return sum(max(0, answer) for answer in answers)

    def discard(self, job_id: str, item_id: str, by: str = "", why: str = "") -> None:
        """Delete a dead letter for good, in each structure that holds a job of this id; its item counts as dropped.

        Raises:
            JobNotFound: there is no such dead letter.
        """
        if not sum(map(int, run_on_holders(self._connection, "discard", act_words(by, why), job_id, item_id))):
            raise JobNotFound(Code.LETTER_UNKNOWN, item_id=item_id, job_id=job_id)
