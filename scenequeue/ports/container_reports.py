"""Reports of a container about itself: its heartbeat, its goodbye and the end of its log."""

from scenequeue.jobs.container import TAIL_LINES, ContainerRecord, TailLines
from scenequeue.reasons.stored import stored_reason
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import container_fields

#: Fields of a container's record that its worker writes; the others are the dispatcher's.
_BEAT_FIELDS = frozenset(
    {
        *("state", "started_ms", "idle_since_ms", "slots", "held", "done", "failed", "films", "others", "is_draining"),
        *("host", "version", "isolation", "progress", "note", "serves", "structures", "cpu_share", "memory_used_mib"),
    }
)
#: A container without news is forgotten after a day.
CONTAINER_TTL_S = 86_400


class ContainerReports:
    """The reports of a container. Losing one loses no work."""

    _connection: Connection

    def beat(self, record: ContainerRecord) -> bool:
        """Store a container's heartbeat; returns True if the container is to drain."""
        return self._report(record)

    def drained_by(self, container_id: str) -> str:
        """Return the name of the operator who asked a container to drain; "" where a program did. Cost: one read."""
        return self._connection.answer("get", self._connection.keys.drain(container_id)) or ""

    def log(self, container_id: str, lines: TailLines) -> None:
        """Store the last lines of a container's log; they are kept for a day after its last report. Idempotent."""
        self._connection.run("log", container_id, CONTAINER_TTL_S, TAIL_LINES, lines.run, lines.first, *lines.lines)

    def goodbye(self, record: ContainerRecord) -> None:
        """Store the last report of a container, with the reason that it leaves."""
        self._report(record, is_leaving=True)

    def _report(self, record: ContainerRecord, *, is_leaving: bool = False) -> bool:
        fields = {**container_fields(record, _BEAT_FIELDS), "container_id": record.container_id}
        if record.fleet:
            fields["fleet"] = record.fleet
        if is_leaving:
            fields["exit_reason"] = stored_reason(record.why) if record.why else ""
        words = [word for pair in fields.items() for word in pair]
        return bool(self._connection.run("beat", record.container_id, CONTAINER_TTL_S, int(is_leaving), *words))
