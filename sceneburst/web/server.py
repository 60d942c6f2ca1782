"""Serves an ASGI application by uvicorn on a socket of ours, until it is told to stop; shared by the HTTP API and the page."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

import structlog
import uvicorn
from starlette.types import ASGIApp

from sceneburst.codes import Code
from sceneburst.web.connections import ACCEPTED_AT_ONCE, bounded, connection_limit
from scenequeue.errors import QueueUnavailable, SettingsError

#: Longer than the 60 s after which an AWS load balancer drops an idle connection, so that it never uses a closed one.
_KEEP_ALIVE_S = 75
_WAITING_CONNECTIONS = 1024
#: Longest wait for Redis before requests are answered; a hanging Redis must not keep the program from answering or from stopping.
_LOGIN_WAIT_S = 1.0
#: Maximum size of the request line and headers together.
_HEAD_BYTES = 32 * 1024


class Service(Protocol):
    """The state of an application, as far as its server handles it."""

    #: Set on shutdown: open streams end.
    stopping: threading.Event

    def log_in(self) -> None:
        """Log in to Redis. Raises QueueUnavailable during an outage, and SettingsError if the login is refused."""

    def close(self) -> None:
        """Close all connections; safe twice."""


@dataclass(frozen=True)
class Listening:
    """The address that a server listens on, and its limits."""

    host: str
    #: 0: any free one.
    port: int
    #: Names of the settings of host and port, for messages.
    host_setting: str
    port_setting: str
    #: Maximum number of simultaneous connections.
    connections: int
    #: Maximum time for the head of a request, in seconds.
    head_s: float
    #: Seconds that running requests may finish in.
    grace_s: int


class WebServer(uvicorn.Server):
    """Uvicorn on a socket of ours; streams end when it is asked to stop."""

    def __init__(self, app: ASGIApp, service: Service, at: Listening) -> None:
        self._service = service
        #: The error that ended it; None if it was asked to stop.
        self.refusal: SettingsError | None = None
        config = uvicorn.Config(
            app,
            http=bounded(connection_limit(at.connections), at.head_s),
            # asyncio also accepts this many connections in one turn, before any can be closed for lack of room.
            backlog=ACCEPTED_AT_ONCE,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=at.grace_s,
            h11_max_incomplete_event_size=_HEAD_BYTES,
        )
        super().__init__(config)
        self.socket = _listening(at)
        host = f"[{at.host}]" if ":" in at.host else at.host
        self.url = f"http://{host}:{self.socket.getsockname()[1]}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; earlier connections have waited in the kernel."""
        await super().startup(sockets)
        self.socket.listen(_WAITING_CONNECTIONS)

    def log_in(self) -> None:
        """Log in to Redis. An outage is waited for while the program serves, and so is the end of a slow login.

        Raises:
            SettingsError: Redis refuses the login; nothing is served.
        """
        thread = threading.Thread(target=self._try_login, name="login", daemon=True)
        thread.start()
        thread.join(_LOGIN_WAIT_S)
        if self.refusal is not None:
            self.socket.close()
            self._service.close()
            raise self.refusal

    def serve_until_told(self) -> None:
        """Serve until SIGTERM, SIGINT or `leave`; running requests finish within the grace period."""
        try:
            self.run([self.socket])
        finally:
            self.socket.close()
            self._service.close()

    def _try_login(self) -> None:
        try:
            self._service.log_in()
        except QueueUnavailable:
            return
        except SettingsError as error:
            self.refusal = error
            self.leave()

    def leave(self) -> None:
        """Ask the server to stop; safe twice, and from any thread."""
        self._service.stopping.set()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal for uvicorn."""
        self._service.stopping.set()
        super().handle_exit(sig, frame)


def _listening(at: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    try:
        made = socket.create_server((at.host, at.port), family=family, backlog=_WAITING_CONNECTIONS)
        # Connections inherit it. asyncio sets it only for a socket that names its protocol; without it, the body of a response
        # waits 40 ms for the acknowledgement of its head.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        raise SettingsError(
            Code.ADDRESS_UNUSABLE,
            setting=at.host_setting,
            port_setting=at.port_setting,
            host=at.host,
            port=at.port,
            problem=error.strerror or str(error),
        ) from None


def run_program(server: WebServer, *, begins: str, ends: str, facts: Mapping[str, object]) -> None:
    """Serve until the program is stopped; it ends within the grace period, even if Redis hangs. Main thread only.

    Args:
        server: the program's server.
        begins: the log's first line.
        ends: the log's last line.
        facts: of the first line.

    Raises:
        SettingsError: Redis refuses the login.
    """
    # Start and end are logged here; requests that are not HTTP must not fill the log.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    log = structlog.get_logger()
    # Uvicorn raises the signal again at its end; a clean stop is no interruption.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.leave())
    server.log_in()
    log.info(begins, url=server.url, **facts)
    server.serve_until_told()
    if server.refusal is not None:
        raise server.refusal
    log.info(ends)
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread()):
        # Python would wait for a thread that waits for a hanging Redis, up to a minute beyond the grace period.
        logging.shutdown()
        os._exit(0)
