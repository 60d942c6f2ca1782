"""A client of redis-py for each kind of deployment, whose connections always lead to the server that has our keys."""

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
from scenequeue.structure.redis_address import Host, RedisAddress

_SOCKET_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 3.0
#: Within one call; whoever calls decides what to do after that.
_RETRIES = 3


class ClusterLocator:
    """Finds the cluster's server that has one key. Thread-safe; asks when first used.

    Args:
        hosts: some servers of the cluster.
        key: all keys of a namespace share its slot.
        options: what a connection takes.
        is_cluster: False while no server has said that it is one of a cluster.
    """

    def __init__(self, hosts: tuple[Host, ...], key: str, options: Mapping[str, Any], *, is_cluster: bool) -> None:
        self._hosts, self._key, self._options = hosts, key, dict(options)
        self.is_cluster = is_cluster
        #: All servers that the cluster had when it was last asked; the URL's own may be gone.
        self._seen: set[Host] = set()
        self._cluster: Any = None
        self._lock = threading.Lock()

    def find(self) -> Host:
        """The server that has the key now.

        Raises:
            ConnectionLost: no server answers, or none has the key at the moment.
            AuthenticationError, NoPermissionError: the servers refuse the user.
            SettingsError: this is no cluster.
        """
        if not self.is_cluster:
            return self._hosts[0]
        # Loaded only here: most programs have no cluster, and it takes time and memory.
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
                # The next time from the URL's own hosts too, which a name may have led to others meanwhile.
                self._forget()
                plain = _plain_error(error)
                # One that stands behind this error already would come to be behind itself.
                raise plain from (None if isinstance(plain, (AuthenticationError, NoPermissionError)) else error)
            return str(node.host), int(node.port)

    def close(self) -> None:
        """Drop the connections that the cluster was asked on; safe twice."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None


def _plain_error(error: BaseException) -> Exception:
    """Find the cause of an error of the cluster's client."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, (AuthenticationError, NoPermissionError)):
            return behind
        if "cluster support disabled" in str(behind):
            return SettingsError("SCENEBURST_REDIS_URL: this server is no cluster; use redis:// or rediss://")
        behind = behind.__cause__ or behind.__context__
    return ConnectionLost(str(error))


class _Located(Connection):
    """Connects to where the locator says; drops a connection whose server has the keys no longer."""

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
            # The server has done nothing; as a lost connection, redis-py repeats the command on a new one.
            self._locator.is_cluster = True
            self.disconnect()  # type: ignore[no-untyped-call]
            raise ConnectionLost(f"the keys are on another server of the cluster: {error}") from error


class _LocatedTls(_Located, SSLConnection):
    """The same by TLS."""


def make_client(address: RedisAddress, key: str) -> Redis:
    """A client that connects when first used.

    Args:
        address: where Redis is.
        key: a key of the one slot that is used.

    Raises:
        SettingsError: the address has options that redis-py does not know.
    """
    options = {
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "health_check_interval": 30,
        **address.options,
        "decode_responses": True,
        # A foreign writer's bytes that are not UTF-8 must not keep an answer from being read: shown as \\xff, they are
        # no JSON, and end as a dead letter.
        "encoding_errors": "backslashreplace",
    }
    retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), _RETRIES)
    tls: dict[str, Any] = {"ssl": True} if address.is_tls else {}
    client: Redis
    try:
        if address.kind == "sentinel":
            from redis.sentinel import Sentinel

            shared: dict[str, Any] = {name: value for name, value in options.items() if name.startswith(("socket_", "ssl_"))}
            # Without retries: one that is gone must not keep the next one from being asked.
            shared |= {**tls, **address.sentinel_login, "retry": Retry(NoBackoff(), 0)}
            sentinel = Sentinel(list(address.hosts), sentinel_kwargs=shared)
            client = sentinel.master_for(address.service, **options, **tls, retry=retry)
        else:
            if address.hosts:
                located = {name: value for name, value in options.items() if name not in {"db", "health_check_interval"}}
                is_cluster = address.kind == "cluster"
                options["locator"] = ClusterLocator(address.hosts, key, {**located, **tls}, is_cluster=is_cluster)
                options["connection_class"] = _LocatedTls if address.is_tls else _Located
            client = Redis.from_pool(ConnectionPool(**options, retry=retry))
        pool = client.connection_pool
        # Only a connection's own making knows which options there are.
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError, RedisError) as error:
        raise SettingsError(f"SCENEBURST_REDIS_URL: {error}") from None
    return client


def locator_of(client: Any) -> ClusterLocator | None:
    """The locator of a client's server; None for Sentinels, unix sockets and clients made elsewhere."""
    found = getattr(client.connection_pool, "connection_kwargs", {}).get("locator")
    return found if isinstance(found, ClusterLocator) else None
