"""Roles of those who use the page and the HTTP API."""

from enum import IntEnum
from typing import Literal, NamedTuple, Self

#: Names of the roles, as settings and commands take them.
RoleWord = Literal["look", "operate", "administer"]


class Role(IntEnum):
    """The rights of somebody; each role has those of the ones before."""

    #: See everything.
    LOOK = 1
    #: Submit and cancel jobs; pause, requeue, discard, drain, stop.
    OPERATE = 2
    #: Change limits and the policy, manage keys.
    ADMINISTER = 3

    @property
    def word(self) -> str:
        """The role's name in the queue, in commands and in settings."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Self:
        """Return the role of this name."""
        return cls[word.upper()]


class Caller(NamedTuple):
    """Somebody who sends a request."""

    #: For the audit log: the name of the key, or the one that a proxy gives.
    name: str
    role: Role
