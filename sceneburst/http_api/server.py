"""The HTTP API program: submits and follows jobs for other languages and machines, served by uvicorn."""

import contextlib
import sys
from collections.abc import AsyncIterator
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import FieldProblem, InvalidRequest, answer_to, answer_to_status, kind_of
from sceneburst.http_api.executions import executions
from sceneburst.http_api.middleware import ApiGuard
from sceneburst.http_api.routes import jobs, probes
from sceneburst.http_api.service import Service
from sceneburst.http_api.views import description
from sceneburst.web.server import Listening, WebServer, run_program
from sceneburst.words import use_words
from scenequeue.errors import SceneburstError, SettingsError, refused_value
from scenequeue.logs import configure
from scenequeue.reasons import Code as QueueCode, Reason
from scenequeue.settings import ApiSettings
from scenequeue.version import installed_version


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


class ApiServer(WebServer):
    """The HTTP API on its socket; event streams end when it is asked to stop."""

    def __init__(self, settings: ApiSettings) -> None:
        self.service = Service(settings)
        at = Listening(
            settings.api_host,
            settings.api_port,
            host_setting=settings.name_of("api_host"),
            port_setting=settings.name_of("api_port"),
            connections=settings.api_connections,
            head_s=settings.api_head_s,
            grace_s=settings.api_grace_s,
        )
        super().__init__(ApiGuard(make_app(self.service), is_open=settings.api_open), self.service, at)


def run(settings: ApiSettings) -> None:
    """Run the program until it is stopped; it ends within the grace period, even if Redis hangs. Main thread only.

    Raises:
        SettingsError: nobody could call or anybody could, the address cannot be listened on, or Redis refuses the login.
    """
    configure(settings, "api")
    use_words()
    server = ApiServer(settings)
    facts = {"keys": sorted(settings.api_keys), "redis": server.service.producer.queue.url}
    run_program(server, begins="api listens", ends="api leaves", facts=facts)


def main() -> int:
    """Run the API (`python -m sceneburst.http_api`) with settings from the environment."""
    try:
        run(ApiSettings.load())
    except SettingsError as error:
        sys.stderr.writelines(f"sceneburst api: {line}\n" for line in error.lines)
        return 2
    return 0
