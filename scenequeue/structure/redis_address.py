"""Parses SCENEBURST_REDIS_URL: servers, kind of deployment, login."""

import re
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from redis.connection import parse_url

from scenequeue.errors import InvalidValue, SettingsError
from scenequeue.reasons import Code, Reason
from scenequeue.redaction import mask_url

_SCHEMES = re.compile(r"(redis|rediss|unix|redis\+sentinel|rediss\+sentinel|redis\+cluster|rediss\+cluster)://(.*)", re.DOTALL)
_PORTS = {"single": 6379, "cluster": 6379, "sentinel": 26379}
_MAX_PORT = 65535

Host = tuple[str, int]


class RedisAddress(NamedTuple):
    """A parsed SCENEBURST_REDIS_URL."""

    kind: Literal["single", "sentinel", "cluster"]
    #: The servers of a cluster, the Sentinels, or the single server; empty for a unix socket.
    hosts: tuple[Host, ...]
    #: The name of the primary at the Sentinels.
    service: str
    is_tls: bool
    #: Options of every connection: user, password, database, and those of the query string.
    options: dict[str, Any]
    #: User and password of the Sentinels, if they need them.
    sentinel_login: dict[str, str]
    #: The name by which the address was given, for messages.
    setting: str = "SCENEBURST_REDIS_URL"


def parse_address(url: str, setting: str = "SCENEBURST_REDIS_URL") -> RedisAddress:
    """Parse an address.

    Args:
        url: redis://, rediss:// or unix://, as redis-py takes them; redis+sentinel://[user:password@]host:port,…/service[/db],
            with ?sentinel_password=… if the Sentinels have another; redis+cluster://[user:password@]host:port,…
            With rediss+ all connections are TLS.
        setting: the name by which it was given, for messages.

    Raises:
        SettingsError: it is malformed; the message contains no part of a password.
    """
    try:
        return _parse(url)._replace(setting=setting)
    except ValueError as error:
        # Messages of the standard library contain the URL, so only our own are shown.
        why = error.reason if isinstance(error, InvalidValue) else Reason(Code.REDIS_URL_MALFORMED)
        masked = repr(mask_url(url))
        raise SettingsError(Code.NOT_REDIS_URL, setting=setting, url=masked, problem=why) from None


def _parse(url: str) -> RedisAddress:
    if not _SCHEMES.fullmatch(url):
        raise InvalidValue(Code.REDIS_SCHEME_UNKNOWN)
    scheme = url.partition("://")[0]
    parts = urlsplit(url)
    if "#" in url:
        raise InvalidValue(Code.REDIS_URL_FRAGMENT)
    if scheme == "unix":
        options = parse_url(url)
        if not options.get("path"):
            raise InvalidValue(Code.REDIS_SOCKET_MISSING)
        return RedisAddress("single", (), "", is_tls=False, options=options, sentinel_login={})
    tls, _, what = scheme.partition("+")
    kind: Literal["single", "sentinel", "cluster"] = "sentinel" if what == "sentinel" else "cluster" if what else "single"
    userinfo, _, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(place, _PORTS[kind]) for place in places.split(","))
    if kind == "single" and len(hosts) > 1:
        raise InvalidValue(Code.REDIS_HOSTS)
    service, database = _path(kind, parts.path)
    plain = f"redis://{userinfo}@localhost{'?' if parts.query else ''}{parts.query}"
    options = {name: value for name, value in parse_url(plain).items() if name != "host"}
    login = {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}
    if database:
        options["db"] = int(database)
    if kind == "cluster" and options.pop("db", 0):
        raise InvalidValue(Code.REDIS_CLUSTER_DATABASE)
    return RedisAddress(kind, hosts, service, tls == "rediss", options, login)


def _host(place: str, port: int) -> Host:
    parts = urlsplit(f"//{place}")
    given = port if parts.port is None else parts.port
    if not 0 < given <= _MAX_PORT:
        raise InvalidValue(Code.REDIS_PORT)
    if not parts.hostname:
        raise InvalidValue(Code.REDIS_HOST_MISSING)
    return unquote(parts.hostname), given


def _path(kind: str, path: str) -> tuple[str, str]:
    """Return the service and the database."""
    names = [unquote(name) for name in path.strip("/").split("/")] if path.strip("/") else []
    service = names.pop(0) if kind == "sentinel" and names else ""
    if kind == "sentinel" and not service:
        raise InvalidValue(Code.REDIS_SERVICE_MISSING)
    database = names.pop(0) if names else ""
    if names or (database and not re.fullmatch(r"[0-9]{1,9}", database)):
        raise InvalidValue(Code.REDIS_DATABASE)
    return service, database
