"""Wraps every request to the page with its log line and the headers that keep a browser from running anything else."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{media}; media-src 'self'{media}; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types page"
)
#: Requested by machines, or once a tab.
_QUIET = ("/static/", "/healthz", "/readyz", "/live")


class Guard:
    """An ASGI application around the routes.

    Args:
        app: the routes.
        media_origins: origins that pictures and videos may come from.
    """

    def __init__(self, app: ASGIApp, media_origins: Sequence[str]) -> None:
        self._app = app
        self._log = structlog.get_logger()
        self._headers = {
            "Content-Security-Policy": _POLICY.format(media="".join(f" {origin}" for origin in media_origins)),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on the server's start and stop."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, told = time.monotonic(), 0
        scope.setdefault("state", {})

        async def answering(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                told = int(message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(_as_get(scope), receive, answering)
        except asyncio.CancelledError:
            # Uvicorn cancels requests when the grace period is over; no task awaits this one, so the error may end here.
            pass
        except ClientDisconnect:
            # nginx's status for a client that closed the connection before the answer.
            told = 499
        finally:
            if not scope["path"].startswith(_QUIET) or told >= 500:
                self._log_request(scope, told, time.monotonic() - began)

    def _log_request(self, scope: Scope, status: int, took_s: float) -> None:
        """Log one line, without query and headers, which may contain secrets."""
        viewer = scope["state"].get("caller")
        # The token of a one-time link is a part of its path.
        path = "/enter/…" if scope["path"].startswith("/enter/") else scope["path"][:200]
        fields = {"method": scope["method"], "path": path, "status": status, "took_ms": round(took_s * 1000, 1)}
        self._log.info("request", viewer=viewer.name if viewer else "", **fields)


def _as_get(scope: Scope) -> Scope:
    """Return the request as the routes see it: HEAD is answered as GET, and the server leaves the body out.

    Except for a live stream, which would be read to its end for nothing, and a one-time link, which would be used up.
    """
    is_kept = scope["method"] != "HEAD" or scope["path"] == "/live" or scope["path"].startswith("/enter/")
    return scope if is_kept else {**scope, "method": "GET"}
