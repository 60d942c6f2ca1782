"""Converts times shown by Redis's clock, which a run may move, into true times."""

from collections.abc import Callable
from dataclasses import dataclass

from chaos.clock import now_ms
from scenequeue.jobs.job import JobEvent

#: A move takes effect with the server's next command, so true times near a move are uncertain by this much.
_SLOP_MS = 1_000


@dataclass(frozen=True)
class Span:
    """Two true Unix milliseconds between which an event happened, both included."""

    from_ms: int
    until_ms: int


class ClockMoves:
    """The moves of a clock; converts the times it showed into true ones. A clock that was never moved shows the true time.

    Args:
        now: returns the true time (ms).
    """

    def __init__(self, now: Callable[[], int] = now_ms) -> None:
        self._now = now
        #: True time of each move, and the offset from then on (ms).
        self._moves: list[tuple[int, int]] = [(0, 0)]

    @property
    def offset_ms(self) -> int:
        """Current offset in milliseconds; positive is ahead."""
        return self._moves[-1][1]

    def note(self, at_ms: int, offset_ms: int) -> None:
        """Record the offset from this true time on."""
        self._moves.append((at_ms, offset_ms))

    def when(self, shown_ms: int, since_ms: int = 0) -> Span:
        """Find the true time at which the clock showed this one; a clock that was set back shows some times twice.

        Args:
            shown_ms: the time shown.
            since_ms: earliest possible true time.
        """
        found = [
            shown_ms - offset_ms
            for began_ms, ended_ms, offset_ms in self._periods()
            if max(began_ms, since_ms) - _SLOP_MS <= shown_ms - offset_ms and shown_ms - offset_ms <= ended_ms + _SLOP_MS
        ]
        return Span(min(found), max(found)) if found else Span(shown_ms, shown_ms)

    def last_at_most(self, shown_ms: int) -> int:
        """Return the last true time at which the clock showed this time or an earlier one."""
        lasts = []
        for began_ms, ended_ms, offset_ms in self._periods():
            if began_ms + offset_ms <= shown_ms:
                lasts.append(min(ended_ms, shown_ms - offset_ms))
        return max(lasts, default=shown_ms)

    def set_back_ms(self, since_ms: int, until_ms: int) -> int:
        """Return the time by which the clock was set back at most between two true times; 0 if it was not."""
        most, highest = 0, None
        for began_ms, ended_ms, offset_ms in self._periods():
            if began_ms <= until_ms and since_ms <= ended_ms:
                highest = offset_ms if highest is None else max(highest, offset_ms)
                most = max(most, highest - offset_ms)
        return most

    def of_stream(self, events: list[JobEvent]) -> list[Span]:
        """Find the true times of one stream's events, oldest first.

        A stream's ids never go back: while the clock is behind the last id, new entries get that id's time.
        """
        spans: list[Span] = []
        for number, event in enumerate(events):
            since_ms = spans[-1].from_ms if spans else 0
            if number and event.at_ms == events[number - 1].at_ms:
                spans.append(Span(since_ms, max(spans[-1].until_ms, self.last_at_most(event.at_ms))))
            else:
                spans.append(self.when(event.at_ms, since_ms))
        return spans

    def _periods(self) -> list[tuple[int, int, int]]:
        ends = [at_ms for at_ms, _ in self._moves[1:]]
        return [(began, ended, offset) for (began, offset), ended in zip(self._moves, [*ends, self._now()], strict=True)]
