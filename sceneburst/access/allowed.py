"""The dependency by which a route of the page or the HTTP API says whom it is for."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Protocol

from fastapi import Request

from sceneburst.access.errors import RoleTooLow
from sceneburst.access.roles import Caller, Role


class Access(Protocol):
    """Knows who sends a request; an application has one as `app.state.access`."""

    async def caller_of(self, request: Request) -> Caller:
        """Return the caller. Raises SignInNeeded, QueueUnavailable."""


async def caller_of(request: Request) -> Caller:
    """Return the caller of a request, which is found once. Raises as `Access.caller_of`."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        access: Access = request.app.state.access
        caller = request.state.caller = await access.caller_of(request)
    return caller


@cache
def allowed(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    """Return a dependency that admits callers of this role and of those above, and returns the caller.

    It raises SignInNeeded, RoleTooLow or QueueUnavailable.
    """

    async def admit(request: Request) -> Caller:
        caller = await caller_of(request)
        if caller.role < role:
            raise RoleTooLow(caller, role)
        return caller

    return admit
