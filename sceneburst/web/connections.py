"""Limits the connections to a server: their number, and the time for sending the head of a request."""

import asyncio
import resource
import time
from typing import Any, ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections accepted in one turn of the event loop.
ACCEPTED_AT_ONCE = 16
#: Turns from the arrival of a connection above the limit until its descriptor is free again.
_TURNS_TO_CLOSE = 5
#: Descriptors reserved for Redis, files, logs, and connections that are being closed.
_RESERVED_DESCRIPTORS = 176 + _TURNS_TO_CLOSE * ACCEPTED_AT_ONCE
_MIN_CONNECTIONS = 16
#: Seconds between two log lines about too many connections, because a flood must not fill the log.
_LOG_PAUSE_S = 60.0


def connection_limit(wanted: int) -> int:
    """Return the wanted number of connections, or as many as the process's file descriptors allow."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(wanted, max(_MIN_CONNECTIONS, descriptors - _RESERVED_DESCRIPTORS))


class _FloodLog:
    """Logs refused connections, at most one line a minute."""

    def __init__(self) -> None:
        self._logged_at, self._closed = -_LOG_PAUSE_S, 0

    def note(self, limit: int) -> None:
        """Count a closed connection."""
        self._closed += 1
        if time.monotonic() - self._logged_at >= _LOG_PAUSE_S:
            structlog.get_logger().warning("too many connections", limit=limit, closed=self._closed)
            self._logged_at, self._closed = time.monotonic(), 0


class BoundedProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1 connection, closed if the head of a request takes too long, or if there are too many connections.

    Above the limit the oldest connection without a request is closed; if all have one, the newest.
    """

    # Set by `bounded`.
    head_s: ClassVar[float]
    limit: ClassVar[int]
    flood_log: ClassVar[_FloodLog]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_deadline: asyncio.TimerHandle | None = None
        self.made_at = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and start the timer of its first request."""
        super().connection_made(transport)
        self._watch_head()
        if len(self.connections) > self.limit:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle received bytes, and start the timer for an incomplete head."""
        super().data_received(data)
        self._watch_head()

    @property
    def is_silent(self) -> bool:
        """True while no request is being served, and no head of a request is complete."""
        return self.cycle is None or (self.cycle.response_complete and self.conn.their_state is h11.IDLE)

    def _watch_head(self) -> None:
        if not self.is_silent:
            self._stop_clock()
        elif self._head_deadline is None and (self.cycle is None or self.conn.trailing_data[0]):
            self._head_deadline = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_clock(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _make_room(self) -> None:
        silent = [each for each in self.connections if isinstance(each, BoundedProtocol) and each.is_silent and each is not self]
        struck = min(silent, key=lambda each: each.made_at, default=self)
        # It is closed at the loop's next turn; until then it must not be chosen again.
        self.connections.discard(struck)
        struck.transport.close()
        self.flood_log.note(self.limit)


def bounded(limit: int, head_s: float) -> type[BoundedProtocol]:
    """Make the protocol class of one server.

    Args:
        limit: maximum number of simultaneous connections.
        head_s: maximum time for the head of a request, in seconds.
    """
    return type("BoundedProtocol", (BoundedProtocol,), {"limit": limit, "head_s": head_s, "flood_log": _FloodLog()})
