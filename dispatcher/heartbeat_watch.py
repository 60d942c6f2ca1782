"""Measures the silence of containers with a monotonic clock."""

import math
from collections.abc import Sequence

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

#: Maximum number of seconds between two ticks that counts as silence, or a tick's length if that is more: during an
#: outage of the dispatcher or of Redis no heartbeat can be seen.
_MAX_COUNTED_S = 10.0
#: Smaller differences between the clocks are ignored.
_TOLERANCE_MS = 1000


class HeartbeatWatch:
    """Remembers when each heartbeat was first seen, so that a jump of Redis's clock does not make the whole fleet look silent.

    Args:
        tick_s: seconds between two ticks.
        silent_after_s: silence after which a container is reaped. The time between two ticks counts for at most half of it, so
            that no container is reaped in the first tick after an outage.
    """

    def __init__(self, tick_s: float = _MAX_COUNTED_S, silent_after_s: float = math.inf) -> None:
        self._counted_s = min(max(_MAX_COUNTED_S, tick_s), silent_after_s / 2)
        #: The last heartbeat of each container (Redis's clock, ms), and the time at which it was first seen (monotonic, s).
        self._seen: dict[ContainerId, tuple[int, float]] = {}
        self._last_tick_s: float | None = None

    def correct(self, ledger: Sequence[ContainerRecord], now_ms: int, now_s: float) -> list[ContainerRecord]:
        """Move each container's heartbeat to as long before `now_ms` as it has been silent, and `idle_since_ms` along with it.

        Args:
            ledger: the records in Redis.
            now_ms: Redis's clock.
            now_s: a monotonic clock.

        Returns:
            The records in the same order. For a container that is seen for the first time, Redis's clock is believed.
        """
        pause_s = 0.0 if self._last_tick_s is None else now_s - self._last_tick_s
        outage_s = max(0.0, pause_s - self._counted_s)
        before, self._seen, self._last_tick_s = self._seen, {}, now_s
        return [self._correct_record(record, before.get(record.container_id), now_ms, now_s, outage_s) for record in ledger]

    def _correct_record(
        self, record: ContainerRecord, before: tuple[int, float] | None, now_ms: int, now_s: float, outage_s: float
    ) -> ContainerRecord:
        if not record.beat_ms or record.state in {"failed", "gone"}:
            return record
        if before is None:
            seen_s = now_s - max(0, now_ms - record.beat_ms) / 1000
        else:
            seen_s = before[1] + outage_s if before[0] == record.beat_ms else now_s
        self._seen[record.container_id] = (record.beat_ms, seen_s)
        shift_ms = now_ms - round((now_s - seen_s) * 1000) - record.beat_ms
        if abs(shift_ms) <= _TOLERANCE_MS:
            return record
        idle_since_ms = record.idle_since_ms + shift_ms if record.idle_since_ms else 0
        return record.model_copy(update={"beat_ms": record.beat_ms + shift_ms, "idle_since_ms": idle_since_ms})
