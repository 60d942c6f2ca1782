"""Measures the silence of containers on a clock that does not jump."""

import math
from collections.abc import Sequence

from scenequeue.jobs.container import ContainerRecord
from scenequeue.jobs.ids import ContainerId

#: Seconds of a pause between two looks that count as silence, unless ticks are longer: no beat can be seen in an outage.
_COUNTED_S = 10.0
#: Differences below this are ignored.
_TOLERANCE_MS = 1000


class BeatWatch:
    """Remembers when each beat was first seen. Redis's clock may jump; a jump must not make the whole fleet look silent.

    Args:
        tick_s: seconds between two looks.
        silent_after_s: a container is reaped after so long. No pause counts for more than half of it: one look after an outage is
            not enough.
    """

    def __init__(self, tick_s: float = _COUNTED_S, silent_after_s: float = math.inf) -> None:
        self._counted_s = min(max(_COUNTED_S, tick_s), silent_after_s / 2)
        #: The last beat of each container (Redis clock, ms), and when it was first seen (our clock, s).
        self._seen: dict[ContainerId, tuple[int, float]] = {}
        self._looked_s: float | None = None

    def corrected(self, ledger: Sequence[ContainerRecord], now_ms: int, now_s: float) -> list[ContainerRecord]:
        """The ledger, each beat as long before `now_ms` as its container has been silent, and idle since as long before that.

        Args:
            ledger: as Redis has it.
            now_ms: Redis's clock.
            now_s: a monotonic clock.

        Returns:
            The same records in the same order. One that was never seen before is taken at Redis's word.
        """
        pause_s = 0.0 if self._looked_s is None else now_s - self._looked_s
        outage_s = max(0.0, pause_s - self._counted_s)
        before, self._seen, self._looked_s = self._seen, {}, now_s
        return [self._one(record, before.get(record.container_id), now_ms, now_s, outage_s) for record in ledger]

    def _one(
        self, record: ContainerRecord, before: tuple[int, float] | None, now_ms: int, now_s: float, outage_s: float
    ) -> ContainerRecord:
        if not record.beat_ms or record.state in {"failed", "gone"}:
            return record
        if before is None:
            heard_s = now_s - max(0, now_ms - record.beat_ms) / 1000
        else:
            heard_s = before[1] + outage_s if before[0] == record.beat_ms else now_s
        self._seen[record.container_id] = (record.beat_ms, heard_s)
        shift_ms = now_ms - round((now_s - heard_s) * 1000) - record.beat_ms
        if abs(shift_ms) <= _TOLERANCE_MS:
            return record
        idle_since_ms = record.idle_since_ms + shift_ms if record.idle_since_ms else 0
        return record.model_copy(update={"beat_ms": record.beat_ms + shift_ms, "idle_since_ms": idle_since_ms})
