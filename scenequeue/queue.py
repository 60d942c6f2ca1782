"""Combines the ports of all programs on one connection to the queue."""

from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from scenequeue.ports.access.port import AccessPort
from scenequeue.ports.dispatcher import DispatcherPort
from scenequeue.ports.inspector import QueueInspector
from scenequeue.ports.operator import OperatorPort
from scenequeue.ports.producer import ProducerPort
from scenequeue.ports.worker import WorkerPort
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.connection import Connection
from scenequeue.structure.keys import STRUCTURES

if TYPE_CHECKING:
    import redis


#: Names of the arguments of `connect`.
_GIVEN_AS = {"redis_url": "redis_url", "namespace": "namespace"}


class SceneQueue:
    """One namespace of one Redis, with a port for each program. Thread-safe.

    Args:
        settings: where the queue is, how long leases and results last.
        client: a ready client (decode_responses=True) instead of one made from the settings.
        structures: numbers of the structures of keys that it serves, newest first; new jobs go into the first.
    """

    def __init__(
        self, settings: SceneburstSettings, client: "redis.Redis | None" = None, structures: tuple[int, ...] = STRUCTURES
    ) -> None:
        self._connection = Connection(settings, client, structures)
        self.url = self._connection.url
        self.structures = structures
        self.producer = ProducerPort(self._connection)
        self.worker = WorkerPort(self._connection)
        self.dispatcher = DispatcherPort(self._connection)
        self.operator = OperatorPort(self._connection)
        self.access = AccessPort(self._connection)
        self.inspect = QueueInspector(self._connection)

    @classmethod
    def connect(cls, redis_url: str, namespace: str = "sceneburst") -> Self:
        """Connect to a queue by its address; other settings come from the environment."""
        return cls(SceneburstSettings.load(_GIVEN_AS, redis_url=SecretStr(redis_url), namespace=namespace))

    def ping(self) -> None:
        """Check that Redis answers, and that the namespace is usable.

        Raises:
            QueueUnavailable: Redis does not answer; the message has the URL without its password.
            SettingsError: Redis refuses the user, or the namespace holds items of structure 1.
        """
        self._connection.ping()

    def close(self) -> None:
        """Close all connections; safe twice."""
        self._connection.close()
