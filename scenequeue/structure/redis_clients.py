"""Makes redis-py clients for all kinds of deployments; their connections lead to the server that has our keys."""

import threading
from collections.abc import Mapping
from typing import Any

from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.client import Redis
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.exceptions import (
    AuthenticationError,
    ConnectionError as ConnectionLost,
    MovedError,
    NoPermissionError,
    RedisClusterException,
    RedisError,
)
from redis.retry import Retry

from scenequeue.errors import SettingsError
from scenequeue.reasons import Code, Reason
from scenequeue.structure.redis_address import Host, RedisAddress

_SOCKET_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 3.0
#: Retries within one call.
_MAX_RETRIES = 3


class ClusterLocator:
    """Finds the server of a cluster that has a key. Thread-safe; connects when first used.

    Args:
        address: names some servers of the cluster.
        key: a key of the namespace, whose keys all share one slot.
        options: options of a connection.
    """

    def __init__(self, address: RedisAddress, key: str, options: Mapping[str, Any]) -> None:
        self._hosts, self._key, self._options = address.hosts, key, dict(options)
        self._setting = address.setting
        #: False as long as no server has reported that it belongs to a cluster.
        self.is_cluster = address.kind == "cluster"
        #: All servers of the cluster at the last look-up; those of the URL may be gone by now.
        self._seen: set[Host] = set()
        self._cluster: Any = None
        self._lock = threading.Lock()

    def find(self) -> Host:
        """Return the server that has the key now.

        Raises:
            ConnectionLost: no server answers, or none has the key now.
            AuthenticationError, NoPermissionError: the servers refuse the user.
            SettingsError: the server does not belong to a cluster.
        """
        if not self.is_cluster:
            return self._hosts[0]
        # Imported here, as it takes time and memory, and most programs have no cluster.
        from redis.cluster import ClusterNode, RedisCluster

        with self._lock:
            try:
                if self._cluster is None:
                    nodes = [ClusterNode(*host) for host in dict.fromkeys((*self._hosts, *self._seen))]
                    self._cluster = RedisCluster(startup_nodes=nodes, require_full_coverage=False, **self._options)
                else:
                    self._cluster.nodes_manager.initialize()
                self._seen = {(str(node.host), int(node.port)) for node in self._cluster.get_nodes()}
                node = self._cluster.get_node_from_key(self._key)
            except (RedisClusterException, RedisError) as error:
                # The next look-up starts from the URL's hosts again, whose names may resolve to other servers by then.
                self._forget()
                plain = _plain_error(error, self._setting)
                # These are already in the error's chain of causes; `from error` would make the chain a circle.
                raise plain from (None if isinstance(plain, (AuthenticationError, NoPermissionError)) else error)
            return str(node.host), int(node.port)

    def close(self) -> None:
        """Close the connections used for look-ups; safe twice."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None


def _plain_error(error: BaseException, setting: str) -> Exception:
    """Return the cause of an error of redis-py's cluster client."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, (AuthenticationError, NoPermissionError)):
            return behind
        if "cluster support disabled" in str(behind):
            return SettingsError(Code.REDIS_NO_CLUSTER, setting=setting)
        behind = behind.__cause__ or behind.__context__
    return ConnectionLost(str(error))


class _KeysMoved(ConnectionLost):
    """Another server of the cluster has the keys now."""

    def __init__(self, moved: MovedError) -> None:
        self.reason = Reason(Code.REDIS_KEYS_MOVED, {"problem": str(moved)})
        super().__init__(self.reason.code)


class _LocatedConnection(Connection):
    """A connection to the server that the locator finds; it closes when that server no longer has the keys."""

    def __init__(self, *, locator: ClusterLocator, **options: Any) -> None:
        self._locator = locator
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        self.host, self.port = self._locator.find()
        return super()._connect()  # type: ignore[no-untyped-call]

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().read_response(*arguments, **options)
        except MovedError as error:
            # The server did not run the command. For a lost connection redis-py repeats it on a new one.
            self._locator.is_cluster = True
            self.disconnect()  # type: ignore[no-untyped-call]
            raise _KeysMoved(error) from error


class _LocatedTlsConnection(_LocatedConnection, SSLConnection):
    """The same with TLS."""


def make_client(address: RedisAddress, key: str) -> Redis:
    """Make a client, which connects when first used.

    Args:
        address: the address of Redis.
        key: a key of the namespace.

    Raises:
        SettingsError: the address has options that redis-py does not know.
    """
    options = {
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "health_check_interval": 30,
        **address.options,
        "decode_responses": True,
        # Bytes of a foreign writer that are not UTF-8 must not make an answer unreadable: as \\xff they are invalid JSON,
        # and become a dead letter.
        "encoding_errors": "backslashreplace",
    }
    retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), _MAX_RETRIES)
    tls: dict[str, Any] = {"ssl": True} if address.is_tls else {}
    client: Redis
    try:
        if address.kind == "sentinel":
            # Imported here, as most programs have no Sentinels.
            from scenequeue.structure.sentinels import Sentinels

            shared: dict[str, Any] = {name: value for name, value in options.items() if name.startswith(("socket_", "ssl_"))}
            # Without retries, so that a Sentinel that is gone does not delay asking the next one.
            shared |= {**tls, **address.sentinel_login, "retry": Retry(NoBackoff(), 0)}
            sentinel = Sentinels(address, shared)
            client = sentinel.master_for(  # type: ignore[no-untyped-call]
                address.service, **options, **tls, retry=retry
            )
        else:
            if address.hosts:
                located = {name: value for name, value in options.items() if name not in {"db", "health_check_interval"}}
                options["locator"] = ClusterLocator(address, key, {**located, **tls})
                options["connection_class"] = _LocatedTlsConnection if address.is_tls else _LocatedConnection
            client = Redis.from_pool(ConnectionPool(**options, retry=retry))
        pool = client.connection_pool
        # A trial connection object, as only its constructor rejects unknown options.
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError, RedisError) as error:
        raise SettingsError(Code.SETTING_REFUSED, setting=address.setting, problem=str(error)) from None
    return client


def find_locator(client: Any) -> ClusterLocator | None:
    """Return a client's locator; None for Sentinels, unix sockets and clients made elsewhere."""
    found = getattr(client.connection_pool, "connection_kwargs", {}).get("locator")
    return found if isinstance(found, ClusterLocator) else None
