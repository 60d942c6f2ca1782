"""Guards the page: headers that keep a browser from running anything else, and paths that hold secrets."""

from collections.abc import Sequence

from starlette.types import ASGIApp

from sceneburst.web.guard import Guard

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{media}; media-src 'self'{media}; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types page"
)
#: The token of a one-time link is a part of its path.
_LINKS = "/enter/"


class PageGuard(Guard):
    """The guard of the page.

    Args:
        app: the routes.
        media_origins: origins that pictures and videos may come from.
    """

    def __init__(self, app: ASGIApp, media_origins: Sequence[str]) -> None:
        headers = {
            "Content-Security-Policy": _POLICY.format(media="".join(f" {origin}" for origin in media_origins)),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
        super().__init__(app, headers)

    def keeps_head(self, path: str) -> bool:
        """Return True for a live stream, which would be read to its end, and for a link, which would be used up."""
        return path == "/live" or path.startswith(_LINKS)

    def is_quiet(self, path: str) -> bool:
        """Leave out static files, and the stream of each tab."""
        return super().is_quiet(path) or path == "/live" or path.startswith("/static/")

    def logged(self, path: str) -> str:
        """Leave out the token of a link."""
        return f"{_LINKS}…" if path.startswith(_LINKS) else super().logged(path)
