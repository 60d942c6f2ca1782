"""Errors for requests that are refused for whom they come from."""

from sceneburst.access.codes import Code
from sceneburst.access.roles import Caller, Role
from scenequeue.errors import SceneburstError


class SignInNeeded(SceneburstError):
    """The request comes from nobody who is known: 401."""


class RoleTooLow(SceneburstError):
    """The caller is known, and may not do this: 403."""

    def __init__(self, caller: Caller, needed: Role) -> None:
        self.needed = needed
        super().__init__(Code.ROLE_TOO_LOW, name=caller.name, role=caller.role.word, needed=needed.word)


class FromElsewhere(SceneburstError):
    """A form or a request was sent from another site: 403."""


class TooManyAttempts(SceneburstError):
    """Somebody tries to sign in too often: 429."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(Code.SIGN_IN_TOO_OFTEN, wait_s=max(1.0, wait_s))
