"""Tells who looks at the page, and with which rights. This is the one place that knows how somebody is recognised."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from sceneburst.access.errors import RoleTooLow
from sceneburst.access.roles import Caller, Role


async def viewer_of(request: Request) -> Caller:
    """Return the one who sends a request."""
    viewer = Caller("local", Role.ADMINISTER)
    request.state.viewer = viewer
    return viewer


def allowed(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    """Make the dependency of an act that needs a role.

    Raises:
        RoleTooLow: the viewer has a lesser role.
    """

    async def check(request: Request) -> Caller:
        viewer = await viewer_of(request)
        if viewer.role < role:
            raise RoleTooLow(viewer, role)
        return viewer

    return check
