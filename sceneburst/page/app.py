"""Makes the page's application: a route for each view, the live streams, static files, and every error as a page."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.exceptions import HTTPException

from sceneburst.access.allowed import allowed
from sceneburst.access.errors import SignInNeeded
from sceneburst.access.origin import safe_path
from sceneburst.access.roles import Caller, Role
from sceneburst.page.answers import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, language_asked, show, show_error
from sceneburst.page.codes import Code
from sceneburst.page.entry.live_sessions import while_signed_in
from sceneburst.page.entry.routes import access_of, router as entry, send_to_sign_in
from sceneburst.page.entry.session_access import SessionAccess, refuse_other_sites
from sceneburst.page.errors import TooManyTabs, status_of
from sceneburst.page.forms import Form, query_of, read_form
from sceneburst.page.languages import NAMES
from sceneburst.page.rendering.renderer import Key
from sceneburst.page.service import Service, service_of
from sceneburst.page.view import View
from sceneburst.page.views.registry import BY_NAME, VIEWS
from scenequeue.errors import SceneburstError
from scenequeue.reasons import Code as QueueCode, Reason

_YEAR_S = 365 * 86400
Shared = Annotated[Service, Depends(service_of)]
Signed = Annotated[Caller, Depends(allowed(Role.LOOK))]
#: For everybody: what a browser needs before somebody has signed in, and probes of machines.
public = APIRouter()
router = APIRouter()


def make_app(service: Service) -> FastAPI:
    """Make the application on a service."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="Sceneburst", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
        dependencies=[Depends(refuse_other_sites)],
    )  # fmt: skip
    app.state.service = service
    app.state.access = SessionAccess(service)
    app.include_router(public)
    app.include_router(entry)
    app.include_router(router)
    for view in VIEWS:
        _serve(app, view)
    app.exception_handler(SignInNeeded)(_unknown)
    app.exception_handler(SceneburstError)(_refused)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_not_there)
    app.exception_handler(Exception)(_failed)
    return app


def _serve(app: FastAPI, view: View) -> None:
    async def page(request: Request, service: Shared, viewer: Signed) -> Response:
        return await show(request, service, view, viewer)

    app.add_api_route(view.path, page, methods=["GET"])
    if view.router is not None:
        app.include_router(view.router)


@router.get("/live")
async def live(request: Request, service: Shared, viewer: Signed) -> Response:
    """Keep a view up to date, as server-sent events."""
    view = BY_NAME.get(request.query_params.get("view", ""))
    if view is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if service.broadcast.is_full:
        raise TooManyTabs(Code.TABS_TAKEN, limit=service.settings.page_streams)
    query = tuple(sorted(query_of(view, request.query_params).items()))
    compressed = "gzip" in request.headers.get("accept-encoding", "")
    stream = service.broadcast.follow(Key(view.name, query, language_asked(request), viewer.role), compressed=compressed)
    access = access_of(request)
    lasting = while_signed_in(stream, access, access.session_token(request), viewer.role)
    headers = {"X-Accel-Buffering": "no", "Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if compressed else {})
    return StreamingResponse(lasting, media_type="text/event-stream", headers=headers)


@router.post("/preferences")
async def prefer(form: Annotated[Form, Depends(read_form)]) -> Response:
    """Keep the language and the colours that somebody prefers, in cookies."""
    response = RedirectResponse(safe_path(form.text("here")), 303)
    chosen = {LANGUAGE_COOKIE: (form.text("language"), tuple(NAMES)), THEME_COOKIE: (form.text("theme"), THEMES)}
    for cookie, (value, known) in chosen.items():
        if value in known:
            response.set_cookie(cookie, value, max_age=_YEAR_S, httponly=True, samesite="strict")
    return response


@public.get("/static/{name}")
async def static(name: str, service: Shared) -> Response:
    """Serve a file whose content its name tells."""
    found = service.renderer.static.find(f"/static/{name}")
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    headers = {"Cache-Control": f"public, max-age={_YEAR_S}, immutable"}
    return Response(found.content, media_type=found.media_type, headers=headers)


@public.get("/healthz")
async def healthz() -> Response:
    """Liveness: does not depend on Redis."""
    return Response("ok", media_type="text/plain")


async def _unknown(request: Request, _: SignInNeeded) -> Response:
    return send_to_sign_in(request, service_of(request))


async def _refused(request: Request, error: SceneburstError) -> Response:
    return show_error(request, service_of(request), status_of(error), error.reason)


async def _malformed(request: Request, _: RequestValidationError) -> Response:
    return show_error(request, service_of(request), HTTPStatus.BAD_REQUEST, Reason(Code.PAGE_PATH_UNKNOWN, _path(request)))


async def _not_there(request: Request, error: HTTPException) -> Response:
    unknown = error.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
    why = Reason(Code.PAGE_PATH_UNKNOWN, _path(request)) if unknown else Reason(QueueCode.OTHER, {"text": str(error.detail)})
    return show_error(request, service_of(request), error.status_code, why)


async def _failed(request: Request, _: Exception) -> Response:
    return show_error(request, service_of(request), HTTPStatus.INTERNAL_SERVER_ERROR, Reason(Code.PAGE_FAILED))


def _path(request: Request) -> dict[str, str]:
    return {"path": request.url.path[:200]}
