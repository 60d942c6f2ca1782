"""Makes the page's answers: a view, an error, and who and what they are made for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse

from sceneburst.access.origin import safe_path
from sceneburst.access.roles import Caller
from sceneburst.page.forms import address_of, query_of
from sceneburst.page.languages import language_of
from sceneburst.page.service import Service
from sceneburst.page.view import View
from scenequeue.reasons import Reason

LANGUAGE_COOKIE, THEME_COOKIE = "sb_language", "sb_theme"
#: "" follows the system.
THEMES = ("", "light", "dark")
_MAX_DIGITS = 12
_MAX_ADDRESS_CHARACTERS = 2000


def language_asked(request: Request) -> str:
    """Return the language in which a request is answered."""
    return language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


async def show(
    request: Request, service: Service, view: View, viewer: Caller, more: Mapping[str, Any] | None = None
) -> HTMLResponse:
    """Answer with a whole view; `more` is shown in this answer alone."""
    given = {**request.query_params, **{name: str(value) for name, value in request.path_params.items()}}
    query = query_of(view, given)
    looked = {**await service.look(view, query), **(more or {})}
    language = language_asked(request)
    back = urlencode(query)
    live = urlencode({**query, "view": view.name})
    html = service.renderer.page(
        f"{view.name}/page.html", language, **frame_of(request, viewer), **looked, view=view, query=query, back=back,
        live=f"/live?{live}", said=_said(view, request), here=address_of(view, query), role=viewer.role,
    )  # fmt: skip
    return HTMLResponse(html)


def show_error(request: Request, service: Service, status: int, reason: Reason) -> HTMLResponse:
    """Answer with an error, in words."""
    viewer = getattr(request.state, "caller", None)
    html = service.renderer.page(
        "error.html", language_asked(request), **frame_of(request, viewer), view=None, said=None, status=status, why=reason,
        here=_before(request), live="", back="",
    )  # fmt: skip
    return HTMLResponse(html, status)


def _before(request: Request) -> str:
    """Return the address of the view that a refused form was sent from; the first view's for another request."""
    try:
        came_from = urlsplit(request.headers.get("referer", "")[:_MAX_ADDRESS_CHARACTERS])
    except ValueError:
        return "/"
    if request.method != "POST" or came_from.netloc != request.headers.get("host"):
        return "/"
    return safe_path(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)


def frame_of(request: Request, viewer: Caller | None) -> dict[str, Any]:
    """Return the variables of the frame around a view: the viewer and the colours."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return {"viewer": viewer, "theme": theme if theme in THEMES else ""}


def _said(view: View, request: Request) -> tuple[str, str, Mapping[str, int]] | None:
    """Return the sentence that the address asks for, with its numbers; the address contains no text of it."""
    forms = view.said.get(request.query_params.get("said", ""))
    if forms is None:
        return None
    numbers = {name: request.query_params.get(name, "") for name in ("n", "m")}
    return (*forms, {name: int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else 0 for name, text in numbers.items()})
