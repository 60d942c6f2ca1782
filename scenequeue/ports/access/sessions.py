"""Sessions of the page, and one-time links that open one, by the hashes of their tokens."""

import json
from typing import Any, NamedTuple

from scenequeue.ports.access.keys import KEY_ROLES
from scenequeue.ports.steering.audit_log import act_words
from scenequeue.structure.connection import Connection
from scenequeue.structure.hashes import whole_number

#: A session ends so long after its last use, and so long after its beginning.
IDLE_S, LONGEST_S = 12 * 3600, 7 * 86400


class Session(NamedTuple):
    """Somebody who has signed in."""

    #: Name of the key, or of the operator whose command printed the link.
    name: str
    #: Hash of the key, whose role holds at every moment; "" of a link.
    key_sha256: str
    #: The role of a link, one of KEY_ROLES; "" of a key.
    role: str
    #: Redis clock.
    began_ms: int


def open_session(connection: Connection, token_sha256: str, session: Session) -> None:
    """Store a session that begins now."""
    stored = _stored(session._replace(began_ms=connection.now_ms()))
    with connection.translated():
        connection.client.set(connection.keys.session(token_sha256), stored, ex=IDLE_S)


def read_session(connection: Connection, token_sha256: str, *, is_used: bool) -> Session | None:
    """Read a session, and put its end off if it is used; None for one that has ended. Cost: two round trips at most."""
    key = connection.keys.session(token_sha256)
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=False)
        pipeline.get(key)
        pipeline.time()
        text, (seconds, _) = connection.answers(pipeline)
        session = _read(text)
        if session is None:
            return None
        left_s = session.began_ms // 1000 + LONGEST_S - int(seconds)
        # Only its time to live is written: it does not come back if it is ended at the same moment.
        if is_used or left_s <= 0:
            connection.client.expire(key, max(0, min(IDLE_S, left_s)))
    return session if left_s > 0 else None


def end_session(connection: Connection, token_sha256: str) -> None:
    """End a session; idempotent."""
    with connection.translated():
        connection.client.delete(connection.keys.session(token_sha256))


def offer_sign_in(connection: Connection, token_sha256: str, session: Session, ttl_s: int) -> None:
    """Store what a link opens, for a limited time."""
    with connection.translated():
        connection.client.set(connection.keys.sign_in(token_sha256), _stored(session), ex=ttl_s)


def take_sign_in(connection: Connection, token_sha256: str) -> Session | None:
    """Return what a link opens, and take the link back; None if it was used, has expired, or never existed."""
    key = connection.keys.sign_in(token_sha256)
    with connection.translated():
        pipeline = connection.client.pipeline(transaction=True)
        pipeline.get(key)
        pipeline.delete(key)
        text, _ = connection.answers(pipeline)
    return _read(text)


def _stored(session: Session) -> str:
    return json.dumps(session._replace(name=act_words(session.name, "")[0])._asdict())


def _read(text: Any) -> Session | None:
    try:
        known = json.loads(text or "null")
        name, key_sha256, role = (known[field] for field in ("name", "key_sha256", "role"))
        is_known = all(isinstance(each, str) for each in (name, key_sha256)) and (role in KEY_ROLES or role == "")
        return Session(name, key_sha256, role, whole_number(known["began_ms"])) if is_known else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
