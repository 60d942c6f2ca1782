"""Keys, sessions and sign-in links of those who use the page and the HTTP API."""

from scenequeue.ports.access import sessions
from scenequeue.ports.access.keys import AccessKey, change_key, read_keys
from scenequeue.ports.access.sessions import Session
from scenequeue.ports.steering.audit_log import act_words
from scenequeue.structure.connection import Connection


class AccessPort:
    """Stores and reads hashes of keys and tokens; the keys and tokens themselves never reach the queue.

    The HTTP API's Redis user, a producer, may read the keys; all else is for operators, and the page is one.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all_keys(self) -> list[AccessKey]:
        """Return all keys, by name. Cost: one read."""
        return read_keys(self._connection)

    def make_key(self, name: str, sha256: str, role: str, by: str = "", why: str = "", *, replace: bool = False) -> int:
        """Make a key, which holds at once. With `replace`, it takes the place of one of this name.

        Returns:
            1; 0 if there is a key of this name; -1 if there are MAX_KEYS keys. Nothing is changed then.
        """
        return change_key(self._connection, name, sha256, role, "1" if replace else "", act_words(by, why))

    def revoke_key(self, name: str, by: str = "", why: str = "", sha256: str = "") -> bool:
        """Revoke a key; with `sha256`, only if it still is that one. Returns False if there is none."""
        return change_key(self._connection, name, "", "", sha256, act_words(by, why)) == 1

    def open_session(self, token_sha256: str, session: Session) -> None:
        """Store a session that begins now."""
        sessions.open_session(self._connection, token_sha256, session)

    def session(self, token_sha256: str, *, is_used: bool = True) -> Session | None:
        """Read a session, and put its end off if it is used; None for one that has ended."""
        return sessions.read_session(self._connection, token_sha256, is_used=is_used)

    def end_session(self, token_sha256: str) -> None:
        """End a session; idempotent."""
        sessions.end_session(self._connection, token_sha256)

    def offer_sign_in(self, token_sha256: str, session: Session, ttl_s: int) -> None:
        """Store what a one-time link opens, for `ttl_s` seconds."""
        sessions.offer_sign_in(self._connection, token_sha256, session, ttl_s)

    def take_sign_in(self, token_sha256: str) -> Session | None:
        """Return what a link opens, and take the link back; None if it was used, has expired, or never existed."""
        return sessions.take_sign_in(self._connection, token_sha256)
