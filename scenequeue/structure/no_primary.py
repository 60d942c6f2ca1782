"""Defines the error of Sentinels that name no primary."""

from redis.exceptions import ConnectionError as ConnectionLost

from scenequeue.reasons import Reason


class NoPrimary(ConnectionLost):
    """Sentinels name no primary.

    Args:
        problem: the reason.
        is_login: True if they refuse the login.
    """

    def __init__(self, problem: Reason, *, is_login: bool) -> None:
        self.problem, self.is_login = problem, is_login
        super().__init__(problem.code)
