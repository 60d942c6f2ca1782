"""Keys of callers, and tokens of sessions and links; the queue and the settings hold hashes of them alone."""

import hashlib
import re
import secrets

#: A prefix by which people and secret scanners recognise a key.
_PREFIX = "sbk_"
_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def fresh_key() -> str:
    """Return a new key of 256 random bits; with so much entropy, a plain SHA-256 is as safe as a slow password hash."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def fresh_token() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Return True for a text that has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def hash_of(secret: str) -> str:
    """Return the form of a key or token that is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
