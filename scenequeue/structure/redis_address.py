"""The address of Redis: which servers, which kind of deployment, and how to log in."""

import re
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from redis.connection import parse_url

from scenequeue.errors import SettingsError
from scenequeue.redaction import masked

_SCHEMES = re.compile(r"(redis|rediss|unix|redis\+sentinel|rediss\+sentinel|redis\+cluster|rediss\+cluster)://(.*)", re.DOTALL)
_PORTS = {"single": 6379, "cluster": 6379, "sentinel": 26379}
_LARGEST_PORT = 65535

Host = tuple[str, int]


class RedisAddress(NamedTuple):
    """A parsed SCENEBURST_REDIS_URL."""

    kind: Literal["single", "sentinel", "cluster"]
    #: Servers of a cluster, Sentinels, or the one server; none for a unix socket.
    hosts: tuple[Host, ...]
    #: The name that Sentinels know the primary by.
    service: str
    is_tls: bool
    #: What every connection to a Redis server takes: user, password, database, options of the query string.
    options: dict[str, Any]
    #: User and password of the Sentinels, where they ask for one.
    sentinel_login: dict[str, str]


def parse_address(url: str) -> RedisAddress:
    """Read an address.

    Args:
        url: redis://, rediss:// or unix://, as redis-py takes them; redis+sentinel://[user:password@]host:port,…/service[/db],
            with ?sentinel_password=… where the Sentinels ask for another; redis+cluster://[user:password@]host:port,…
            With rediss+ all connections are TLS.

    Raises:
        SettingsError: it is none; the message holds no part of a password.
    """
    try:
        return _parsed(url)
    except ValueError as error:
        # Only our own words: those of the standard library quote the URL.
        why = str(error) if isinstance(error, _Malformed) else "user, host, port or query are malformed"
        raise SettingsError(
            f"SCENEBURST_REDIS_URL: {masked(url)!r} is no address of Redis: {why}. It is redis://host:6379/0, rediss://…, "
            "unix:///path, redis+sentinel://host:26379,…/service or redis+cluster://host:6379,…; a password with special "
            "characters is percent-encoded, or goes into SCENEBURST_REDIS_PASSWORD"
        ) from None


class _Malformed(ValueError):
    """The message may be shown."""


def _parsed(url: str) -> RedisAddress:
    if not _SCHEMES.fullmatch(url):
        raise _Malformed("the scheme is unknown")
    scheme = url.partition("://")[0]
    parts = urlsplit(url)
    if "#" in url:
        raise _Malformed("a # is part of no address")
    if scheme == "unix":
        options = parse_url(url)
        if not options.get("path"):
            raise _Malformed("the path of the socket is missing")
        return RedisAddress("single", (), "", is_tls=False, options=options, sentinel_login={})
    tls, _, what = scheme.partition("+")
    kind: Literal["single", "sentinel", "cluster"] = "sentinel" if what == "sentinel" else "cluster" if what else "single"
    userinfo, _, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(place, _PORTS[kind]) for place in places.split(","))
    if kind == "single" and len(hosts) > 1:
        raise _Malformed("there are several hosts; those of a cluster are redis+cluster://, Sentinels are redis+sentinel://")
    service, database = _path(kind, parts.path)
    plain = f"redis://{userinfo}@localhost{'?' if parts.query else ''}{parts.query}"
    options = {name: value for name, value in parse_url(plain).items() if name != "host"}
    login = {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}
    if database:
        options["db"] = int(database)
    if kind == "cluster" and options.pop("db", 0):
        raise _Malformed("a cluster has no database but 0")
    return RedisAddress(kind, hosts, service, tls == "rediss", options, login)


def _host(place: str, port: int) -> Host:
    parts = urlsplit(f"//{place}")
    given = port if parts.port is None else parts.port
    if not 0 < given <= _LARGEST_PORT:
        raise _Malformed("a port is a number from 1 to 65535")
    if not parts.hostname:
        raise _Malformed("a host is missing; for a Redis on this machine write localhost")
    return unquote(parts.hostname), given


def _path(kind: str, path: str) -> tuple[str, str]:
    """The service and the database."""
    names = [unquote(name) for name in path.strip("/").split("/")] if path.strip("/") else []
    service = names.pop(0) if kind == "sentinel" and names else ""
    if kind == "sentinel" and not service:
        raise _Malformed("the name of the service that the Sentinels watch is missing")
    database = names.pop(0) if names else ""
    if names or (database and not re.fullmatch(r"[0-9]{1,9}", database)):
        raise _Malformed("the path is the number of a database")
    return service, database
