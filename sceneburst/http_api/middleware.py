"""Wraps every request to the HTTP API with its id, its log line, and the response headers."""

import asyncio
import secrets
import time
import traceback
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sceneburst.access.origin import is_loopback
from sceneburst.access.roles import Caller
from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import ShuttingDown, WrongHost, answer_to

#: Responses are JSON for programs: browsers must not sniff, frame, cache or run them.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: Requested every few seconds by machines.
_QUIET = {"/healthz", "/readyz"}


class Guard:
    """An ASGI application around the routes.

    Args:
        app: the routes.
        is_open: without keys; pages in a browser on this machine must then not reach the API through DNS rebinding.
    """

    def __init__(self, app: ASGIApp, *, is_open: bool) -> None:
        self._app, self._is_open = app, is_open
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on the server's start and stop."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began, told = secrets.token_hex(8), time.monotonic(), 0
        scope.setdefault("state", {})

        async def answering(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                told = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            if self._is_open and not _is_own_name(Headers(scope=scope).get("host", "")):
                await answer_to(WrongHost(Code.HOST_NOT_SERVED), scope["path"])(scope, receive, answering)
            else:
                await self._app(_as_get(scope), receive, answering)
        except asyncio.CancelledError:
            # Uvicorn cancels requests when the grace period is over; no task awaits this one, so the error may end here.
            if not told:
                await answer_to(ShuttingDown(Code.API_LEAVES), scope["path"])(scope, receive, answering)
        except ClientDisconnect:
            # nginx's status for a client that closed the connection before the answer.
            told = 499
        except Exception as error:
            # The caller gets a 500 without details. Formatted here, because structlog on a terminal would show local variables
            # too, including the caller's key.
            said = "".join(traceback.format_exception(error))
            self._log.error("request failed", request_id=request_id, exception=said)
        finally:
            if scope["path"] not in _QUIET or told >= 500:
                self._log_request(scope, request_id, told, time.monotonic() - began)

    def _log_request(self, scope: Scope, request_id: str, status: int, took_s: float) -> None:
        """Log one line, without query and headers, which may contain secrets."""
        fields = {"method": scope["method"], "path": scope["path"][:200], "status": status, "took_ms": round(took_s * 1000, 1)}
        caller = scope["state"].get("caller")
        self._log.info("request", request_id=request_id, caller=caller.name if isinstance(caller, Caller) else "", **fields)


def _as_get(scope: Scope) -> Scope:
    """Return the request as the routes see it: HEAD is answered as GET, and the server leaves the body out.

    Except for a stream of events, which would be read to its end for nothing.
    """
    return scope if scope["method"] != "HEAD" or scope["path"].endswith("/events") else {**scope, "method": "GET"}


def _is_own_name(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
