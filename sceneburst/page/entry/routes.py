"""Signs somebody in by a key or a one-time link, and out."""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sceneburst.access.codes import Code
from sceneburst.access.origin import is_link_from_elsewhere, safe_path
from sceneburst.access.secrets import fresh_token, hash_of
from sceneburst.page.answers import frame_of, language_asked
from sceneburst.page.entry.session_access import COOKIE, SessionAccess, sender_of
from sceneburst.page.forms import Form, read_form
from sceneburst.page.service import Service, service_of
from scenequeue.ports.access.sessions import Session
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason

router = APIRouter()
#: A one-time link holds for so long.
_LINK_MINUTES = 10
Shared = Annotated[Service, Depends(service_of)]


def offer_link(queue: SceneQueue, url: str, name: str) -> str:
    """Return a link that signs somebody in once, with the role administer.

    Args:
        queue: the page's.
        url: the page's address.
        name: of the one who signs in, for the audit log.
    """
    token = fresh_token()
    queue.access.offer_sign_in(hash_of(token), Session(name, "", "administer", 0), _LINK_MINUTES * 60)
    return f"{url}/enter/{token}"


def access_of(request: Request) -> SessionAccess:
    """Return the access of a request's application."""
    access = request.app.state.access
    assert isinstance(access, SessionAccess)
    return access


def show_sign_in(request: Request, service: Service, status: int = HTTPStatus.OK, why: Reason | None = None) -> HTMLResponse:
    """Answer with the form for a key."""
    wanted = safe_path(request.query_params.get("next"))
    html = service.renderer.page(
        "sign_in/page.html", language_asked(request), **frame_of(request, None), view=None, said=None, live="", back="", why=why,
        here="/sign-in", wanted=wanted,
    )  # fmt: skip
    return HTMLResponse(html, status)


def send_to_sign_in(request: Request, service: Service) -> Response:
    """Answer somebody who is not signed in.

    A browser leaves out the session's cookie where the page is opened by a link of another site (SameSite=Strict): it is made to
    open the same address again, from a page of ours.
    """
    here = safe_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    if request.method != "GET" or request.url.path == "/live":
        return show_sign_in(request, service, HTTPStatus.UNAUTHORIZED, Reason(Code.SIGN_IN_NEEDED))
    hosts = access_of(request).proxies.hosts_of(sender_of(request), request.headers)
    if is_link_from_elsewhere(request.headers, hosts):
        html = service.renderer.page("sign_in/again.html", language_asked(request), here=here)
        return HTMLResponse(html)
    return RedirectResponse("/sign-in" + (f"?{urlencode({'next': here})}" if here != "/" else ""), HTTPStatus.SEE_OTHER)


@router.get("/sign-in")
async def sign_in_form(request: Request, service: Shared) -> Response:
    """Show the form for a key."""
    return show_sign_in(request, service)


@router.post("/sign-in")
async def sign_in(request: Request, service: Shared, form: Annotated[Form, Depends(read_form)]) -> Response:
    """Begin a session of the key's owner."""
    access = access_of(request)
    access.attempts.count(access.proxies.browser_of(sender_of(request), request.headers))
    key = form.text("key")
    known = await access.keys.find(key) if key else None
    if known is None:
        return show_sign_in(request, service, HTTPStatus.UNAUTHORIZED, Reason(Code.KEY_NOT_KNOWN))
    return await _enter(request, access, Session(known.caller.name, known.sha256, "", 0), safe_path(form.text("next")))


@router.get("/enter/{token}")
async def enter(request: Request, token: str, service: Shared) -> Response:
    """Begin the session that a one-time link opens."""
    access = access_of(request)
    access.attempts.count(access.proxies.browser_of(sender_of(request), request.headers))
    if "prefetch" in request.headers.get("sec-purpose", ""):
        # A browser that loads the page before its user has decided to open it would use the link up.
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    session = await access.take_link(token)
    if session is None:
        why = Reason(Code.LINK_NOT_KNOWN, {"minutes": _LINK_MINUTES})
        return show_sign_in(request, service, HTTPStatus.UNAUTHORIZED, why)
    return await _enter(request, access, session, "/")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    await access_of(request).end(request)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


async def _enter(request: Request, access: SessionAccess, session: Session, wanted: str) -> Response:
    # One that was signed in already begins anew, so that nobody goes on in a session that another has planted.
    await access.end(request)
    answer = RedirectResponse(wanted, HTTPStatus.SEE_OTHER)
    named: dict[str, Any] = access.cookie(request, await access.begin(session))
    answer.set_cookie(**named)
    return answer
