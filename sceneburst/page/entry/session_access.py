"""Finds out who sends a request to the page: a proxy's user, or somebody with a session."""

from fastapi import Request

from sceneburst.access.codes import Code
from sceneburst.access.errors import FromElsewhere, SignInNeeded
from sceneburst.access.key_ring import KeyRing
from sceneburst.access.origin import SAFE, host_in, is_from_here, is_loopback
from sceneburst.access.proxies import Proxies
from sceneburst.access.roles import Caller, Role
from sceneburst.access.secrets import fresh_token, hash_of, is_token
from sceneburst.page.entry.attempts import Attempts
from sceneburst.page.service import Service
from sceneburst.web.page_settings import PageSettings
from scenequeue.errors import SettingsError
from scenequeue.ports.access.port import AccessPort
from scenequeue.ports.access.sessions import LONGEST_S, Session

COOKIE = "sb_session"


class SessionAccess:
    """Recognises callers by their sessions. The role is that of the session's key now, so a revoked key ends its sessions.

    Args:
        service: of the page.

    Raises:
        SettingsError: users of a proxy are to be believed, and no proxy is named.
    """

    def __init__(self, service: Service) -> None:
        settings = service.settings
        if settings.page_user_header and not settings.page_proxies:
            raise SettingsError(Code.PROXIES_MISSING, setting=settings.name_of("page_user_header"))
        self._service = service
        self.proxies = Proxies.of(settings.page_proxies, settings.page_user_header, settings.page_user_role)
        self.attempts = Attempts()
        self.keys = KeyRing(settings.api_keys, service.queue.access.all_keys)

    async def caller_of(self, request: Request) -> Caller:
        """Return the caller.

        Raises:
            SignInNeeded: there is no session, or it has ended.
            QueueUnavailable: Redis does not answer.
        """
        return self._user_of(request) or await self.caller_by(_token_of(request))

    async def caller_by(self, token: str, *, is_used: bool = True) -> Caller:
        """Return the owner of a session's token; its end is put off if it is used. Raises as `caller_of`."""
        is_there = is_token(token)
        session = await self._service.call(lambda: self._access.session(hash_of(token), is_used=is_used)) if is_there else None
        if session is None:
            raise SignInNeeded(Code.SIGN_IN_NEEDED)
        if not session.key_sha256:
            return Caller(session.name, Role.of(session.role))
        known = await self.keys.find_hash(session.key_sha256)
        if known is None:
            raise SignInNeeded(Code.SIGN_IN_NEEDED)
        return known.caller

    def session_token(self, request: Request) -> str:
        """Return the token of the session that a request is admitted by; "" for a proxy's user, whom the proxy admits."""
        return "" if self._user_of(request) else _token_of(request)

    async def begin(self, session: Session) -> str:
        """Begin a session; returns its token."""
        token = fresh_token()
        await self._service.call(lambda: self._access.open_session(hash_of(token), session))
        return token

    async def end(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        token = _token_of(request)
        if is_token(token):
            await self._service.call(lambda: self._access.end_session(hash_of(token)))

    async def take_link(self, token: str) -> Session | None:
        """Return what a one-time link opens, and take it back."""
        return await self._service.call(lambda: self._access.take_sign_in(hash_of(token))) if is_token(token) else None

    def cookie(self, request: Request, token: str) -> dict[str, object]:
        """Return the arguments of `set_cookie` for a session."""
        secure = self.proxies.is_https(sender_of(request), request.url.scheme, request.headers)
        fixed = {"max_age": LONGEST_S, "httponly": True, "samesite": "strict", "path": "/"}
        return {"key": COOKIE, "value": token, "secure": secure, **fixed}

    def _user_of(self, request: Request) -> Caller | None:
        return self.proxies.user_of(sender_of(request), request.headers)

    @property
    def _access(self) -> AccessPort:
        return self._service.queue.access


def _token_of(request: Request) -> str:
    """Return the token of a request's session, as the browser sends it; "" if there is none."""
    return request.cookies.get(COOKIE, "")


def sender_of(request: Request) -> str:
    """Return the address that the request comes from: a browser's, or a proxy's."""
    return request.client.host if request.client else ""


async def refuse_other_sites(request: Request) -> None:
    """Refuse what another site may have made a browser send: use it as a dependency of all routes.

    Raises:
        FromElsewhere: the request changes something and comes from another site, or it names a host that is not ours.
    """
    access: SessionAccess = request.app.state.access
    hosts = access.proxies.hosts_of(sender_of(request), request.headers)
    if not _is_served(request.app.state.service.settings, host_in(hosts[1] or hosts[0])):
        raise FromElsewhere(Code.PAGE_HOST_NOT_SERVED, host=hosts[0][:200])
    if request.method not in SAFE and not is_from_here(request.headers, hosts):
        raise FromElsewhere(Code.FORM_FROM_ELSEWHERE)


def _is_served(settings: PageSettings, host: str) -> bool:
    """Return True for a host by which the page may be called.

    A page that only this machine reaches is called by no other name: a site whose name was pointed at it would be one.
    """
    if settings.page_hosts:
        return host in settings.page_hosts or (is_loopback(settings.page_host) and is_loopback(host))
    return is_loopback(host) or not is_loopback(settings.page_host)
