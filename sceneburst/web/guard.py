"""Wraps every request with its id, its log line, and the headers of its answer; shared by the HTTP API and the page."""

import asyncio
import secrets
import time
import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sceneburst.access.roles import Caller


class Guard:
    """An ASGI application around the routes; a subclass has what differs between programs.

    Args:
        app: the routes.
        headers: of every answer.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers
        self._log = structlog.get_logger()

    def refusal_of(self, _: Scope) -> ASGIApp | None:
        """Return the answer to a request that no route may see; None for all others."""
        return None

    def answer_of_leaving(self, _: Scope) -> ASGIApp | None:
        """Return the answer to a request that the end of the program cuts off; None to answer nothing."""
        return None

    def keeps_head(self, _: str) -> bool:
        """Return True for a path whose HEAD is not answered as its GET, which would have an effect, or never end."""
        return False

    def is_quiet(self, path: str) -> bool:
        """Return True for a path that is logged only where it fails, such as one that machines request every few seconds."""
        return path in {"/healthz", "/readyz"}

    def logged(self, path: str) -> str:
        """Return a path as it is logged."""
        return path[:200]

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
                told = int(message["status"])
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await (self.refusal_of(scope) or self._app)(self._as_get(scope), receive, answering)
        except asyncio.CancelledError:
            # Uvicorn cancels requests when the grace period is over; no task awaits this one, so the error may end here.
            answer = None if told else self.answer_of_leaving(scope)
            if answer is not None:
                await answer(scope, receive, answering)
        except ClientDisconnect:
            # nginx's status for a client that closed the connection before the answer.
            told = 499
        except Exception as error:
            # The caller gets a 500 without details. Formatted here, because structlog on a terminal would show local variables
            # too, including the caller's key.
            said = "".join(traceback.format_exception(error))
            self._log.error("request failed", request_id=request_id, exception=said)
        finally:
            if not self.is_quiet(scope["path"]) or told >= 500:
                self._log_request(scope, request_id, told, time.monotonic() - began)

    def _as_get(self, scope: Scope) -> Scope:
        """Return the request as the routes see it: HEAD is answered as GET, and the server leaves the body out."""
        return scope if scope["method"] != "HEAD" or self.keeps_head(scope["path"]) else {**scope, "method": "GET"}

    def _log_request(self, scope: Scope, request_id: str, status: int, took_s: float) -> None:
        """Log one line, without query and headers, which may contain secrets."""
        caller = scope["state"].get("caller")
        self._log.info(
            "request",
            request_id=request_id,
            caller=caller.name if isinstance(caller, Caller) else "",
            method=scope["method"],
            path=self.logged(scope["path"]),
            status=status,
            took_ms=round(took_s * 1000, 1),
        )
