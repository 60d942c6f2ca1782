"""Ends a live stream with the session that has opened it."""

import time
from collections.abc import AsyncGenerator, AsyncIterator

from sceneburst.access.errors import SignInNeeded
from sceneburst.access.roles import Role
from sceneburst.page.entry.session_access import SessionAccess
from scenequeue.errors import QueueUnavailable

#: Seconds between two looks at the session.
_LOOK_S = 2.0


async def while_signed_in(
    stream: AsyncGenerator[bytes, None], access: SessionAccess, token: str, role: Role
) -> AsyncIterator[bytes]:
    """Yield a stream for as long as its viewer is signed in with the same role; a browser then opens it anew.

    Args:
        stream: of the viewer.
        access: of the page.
        token: of the session; "" for a proxy's user, whom the proxy lets in.
        role: that the stream is rendered for.
    """
    looked_at = time.monotonic()
    try:
        async for part in stream:
            if token and time.monotonic() - looked_at >= _LOOK_S:
                looked_at = time.monotonic()
                if not await _holds(access, token, role):
                    return
            yield part
    finally:
        await stream.aclose()


async def _holds(access: SessionAccess, token: str, role: Role) -> bool:
    try:
        # A tab that is left open is no use of a session: it still ends half a day after the last click.
        return (await access.caller_by(token, is_used=False)).role == role
    except SignInNeeded:
        return False
    except QueueUnavailable:
        # The page says that Redis is away.
        return True
