"""Authenticates the callers of the HTTP API by their keys."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping

from sceneburst.http_api.codes import Code
from scenequeue.errors import SettingsError
from scenequeue.settings import ApiSettings

#: A prefix by which people and secret scanners recognise a key.
_PREFIX = "sbk_"
_KEY_BYTES = 32


def fresh_key() -> str:
    """Return a new key of 256 random bits; with so much entropy, a plain SHA-256 is as safe as a slow password hash."""
    return _PREFIX + secrets.token_urlsafe(_KEY_BYTES)


def hash_of(key: str) -> str:
    """Return the form of a key that the settings hold."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_loopback(host: str) -> bool:
    """Return True if only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_access(settings: ApiSettings) -> None:
    """Refuse settings that leave the API open by mistake, or closed to everybody.

    Raises:
        SettingsError: there are no keys, and an open API was not requested, or not limited to this machine.
    """
    if settings.api_open and settings.api_keys:
        raise SettingsError(Code.API_OPEN_WITH_KEYS, setting=settings.name_of("api_open"))
    if settings.api_open and not is_loopback(settings.api_host):
        raise SettingsError(Code.API_OPEN_TO_OTHERS, setting=settings.name_of("api_open"), host=settings.api_host)
    if not settings.api_open and not settings.api_keys:
        raise SettingsError(Code.API_KEYS_MISSING, setting=settings.name_of("api_keys"))


class KeyRing:
    """The keys' hashes, by their owners' names."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)

    def owner_of(self, key: str) -> str | None:
        """Return the owner of a key, or None; takes the same time for every key, right or wrong."""
        digest = hash_of(key)
        owner = None
        for name, known in self._hashes.items():
            if hmac.compare_digest(digest, known):
                owner = name
        return owner
