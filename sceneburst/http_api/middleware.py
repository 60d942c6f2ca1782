"""Guards the HTTP API: the headers of its answers, and who may reach one that is open."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from sceneburst.access.origin import host_in, is_loopback
from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import ShuttingDown, WrongHost, answer_to
from sceneburst.web.guard import Guard

#: Responses are JSON for programs: browsers must not sniff, frame, cache or run them.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class ApiGuard(Guard):
    """The guard of the HTTP API.

    Args:
        app: the routes.
        is_open: without keys; pages in a browser on this machine must then not reach the API through DNS rebinding.
    """

    def __init__(self, app: ASGIApp, *, is_open: bool) -> None:
        super().__init__(app, _HEADERS)
        self._is_open = is_open

    def refusal_of(self, scope: Scope) -> ASGIApp | None:
        """Refuse other names than this machine's, where anybody may call."""
        if self._is_open and not is_loopback(host_in(Headers(scope=scope).get("host", ""))):
            return answer_to(WrongHost(Code.HOST_NOT_SERVED), scope["path"])
        return None

    def answer_of_leaving(self, scope: Scope) -> ASGIApp:
        """Say that the API leaves."""
        return answer_to(ShuttingDown(Code.API_LEAVES), scope["path"])

    def keeps_head(self, path: str) -> bool:
        """Return True for a stream of events, which would be read to its end for nothing."""
        return path.endswith("/events")
