"""The HTTP API program: submits and follows jobs for other languages and machines, served by uvicorn."""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sceneburst.http_api.codes import Code
from sceneburst.http_api.connections import ACCEPTED_AT_ONCE, bounded, connection_limit
from sceneburst.http_api.errors import FieldProblem, InvalidRequest, answer_to, answer_to_status, kind_of
from sceneburst.http_api.executions import executions
from sceneburst.http_api.middleware import Guard
from sceneburst.http_api.routes import jobs, probes
from sceneburst.http_api.service import Service
from sceneburst.http_api.views import description
from sceneburst.words import use_words
from scenequeue.errors import QueueUnavailable, SceneburstError, SettingsError, refused_value
from scenequeue.logs import configure
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import ApiSettings
from scenequeue.version import installed_version

#: Longer than the 60 s after which an AWS load balancer drops an idle connection, so that it never uses a closed one.
_KEEP_ALIVE_S = 75
_WAITING_CONNECTIONS = 1024
#: Longest wait for Redis before the API answers; a hanging Redis must not keep the program from answering or from stopping.
_LOGIN_WAIT_S = 1.0
#: Maximum size of the request line and headers together.
_HEAD_BYTES = 32 * 1024


def make_app(service: Service) -> FastAPI:
    """Make the application: the routes on a service, with every error as a problem document."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="Sceneburst",
        description="Pictures and narrations in, finished MP4s out: submit jobs, follow them, fetch their results.",
        version=installed_version(),
        lifespan=lifespan,
        # The documentation pages load scripts from other sites; /openapi.json can be opened with any viewer.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.include_router(jobs)
    app.include_router(executions)
    app.include_router(probes)
    app.exception_handler(SceneburstError)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_not_there)
    app.exception_handler(Exception)(_failed)
    document = description(app)
    app.openapi = lambda: document  # type: ignore[method-assign]
    return app


async def _refused(request: Request, error: SceneburstError) -> JSONResponse:
    if kind_of(error).why:
        # The caller gets a general text; the error itself goes to the log.
        structlog.get_logger().warning("request refused", path=request.url.path, error=error)
    return answer_to(error, request.url.path)


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    found = [FieldProblem(str(entry["loc"][-1]), refused_value(entry), str(entry["loc"][0])) for entry in error.errors()]
    return answer_to(InvalidRequest(found), request.url.path)


async def _not_there(request: Request, error: HTTPException) -> JSONResponse:
    path = request.url.path
    reasons = {
        HTTPStatus.NOT_FOUND: Reason(Code.PATH_NOT_SERVED, {"path": path}),
        HTTPStatus.METHOD_NOT_ALLOWED: Reason(Code.METHOD_NOT_SERVED, {"method": request.method}),
    }
    why = reasons.get(HTTPStatus(error.status_code), Reason(QueueCode.OTHER, {"text": str(error.detail)}))
    return answer_to_status(error.status_code, why, path, error.headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    return answer_to(error, request.url.path)


class ApiServer(uvicorn.Server):
    """Uvicorn on a socket of ours; event streams end when it is asked to stop."""

    def __init__(self, settings: ApiSettings) -> None:
        self.service = Service(settings)
        #: The error that ended it; None if it was asked to stop.
        self.refusal: SettingsError | None = None
        config = uvicorn.Config(
            Guard(make_app(self.service), is_open=settings.api_open),
            http=bounded(connection_limit(settings.api_connections), settings.api_head_s),
            # asyncio also accepts this many connections in one turn, before any can be closed for lack of room.
            backlog=ACCEPTED_AT_ONCE,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=settings.api_grace_s,
            h11_max_incomplete_event_size=_HEAD_BYTES,
        )
        super().__init__(config)
        self.socket = _listening(settings)
        host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
        self.url = f"http://{host}:{self.socket.getsockname()[1]}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; earlier connections have waited in the kernel."""
        await super().startup(sockets)
        self.socket.listen(_WAITING_CONNECTIONS)

    def log_in(self) -> None:
        """Log in to Redis. An outage is waited for while the API serves, and so is the end of a slow login.

        Raises:
            SettingsError: Redis refuses the login; nothing is served.
        """
        thread = threading.Thread(target=self._try_login, name="login", daemon=True)
        thread.start()
        thread.join(_LOGIN_WAIT_S)
        if self.refusal is not None:
            self.socket.close()
            self.service.close()
            raise self.refusal

    def serve_until_told(self) -> None:
        """Serve until SIGTERM, SIGINT or `leave`; running requests finish within the grace period."""
        try:
            self.run([self.socket])
        finally:
            self.socket.close()
            self.service.close()

    def _try_login(self) -> None:
        try:
            self.service.producer.queue.ping()
        except QueueUnavailable:
            return
        except SettingsError as error:
            self.refusal = error
            self.leave()

    def leave(self) -> None:
        """Ask the server to stop; safe twice, and from any thread."""
        self.service.stopping.set()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal for uvicorn."""
        self.service.stopping.set()
        super().handle_exit(sig, frame)


def _listening(settings: ApiSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    try:
        made = socket.create_server((settings.api_host, settings.api_port), family=family, backlog=_WAITING_CONNECTIONS)
        # Connections inherit it. asyncio sets it only for a socket that names its protocol; without it, the body of a response
        # waits 40 ms for the acknowledgement of its head.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        raise SettingsError(
            Code.API_PORT_UNUSABLE,
            setting=settings.name_of("api_host"),
            host=settings.api_host,
            port=settings.api_port,
            problem=error.strerror or str(error),
        ) from None


def run(settings: ApiSettings) -> None:
    """Run the program until it is stopped; it ends within the grace period, even if Redis hangs. Main thread only.

    Raises:
        SettingsError: nobody could call or anybody could, the address cannot be listened on, or Redis refuses the login.
    """
    configure(settings, "api")
    use_words()
    server = ApiServer(settings)
    # Start and end are logged here; requests that are not HTTP must not fill the log.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    log = structlog.get_logger()
    # Uvicorn raises the signal again at its end; a clean stop is no interruption.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.leave())
    server.log_in()
    log.info("api listens", url=server.url, keys=sorted(settings.api_keys), redis=server.service.producer.queue.url)
    server.serve_until_told()
    if server.refusal is not None:
        raise server.refusal
    log.info("api leaves")
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread()):
        # Python would wait for a thread that waits for a hanging Redis, up to a minute beyond the grace period.
        logging.shutdown()
        os._exit(0)


def main() -> int:
    """Run the API (`python -m sceneburst.http_api`) with settings from the environment."""
    try:
        run(ApiSettings.load())
    except SettingsError as error:
        sys.stderr.writelines(f"sceneburst api: {line}\n" for line in error.lines)
        return 2
    return 0
