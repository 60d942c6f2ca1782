"""The connection to Redis: how it fails, and how the atomic steps are called through it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis

from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.redaction import masked
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.keys import Keys
from scenequeue.structure.redis_address import parse_address
from scenequeue.structure.redis_clients import locator_of, make_client
from scenequeue.structure.script_runner import Steps

#: Longest that one blocking command waits; shorter than the socket's time-out, so that silence means trouble.
BLOCK_LIMIT_S = 5.0
SHORTEST_WAIT_S = 0.01

#: Beginnings of what Redis answers where no password was given.
_WITHOUT_PASSWORD = ("HELLO must be called with the client already authenticated", "Authentication required")
_DENIED = ("ACL", "can't access", "can't run")
#: The first word of what servers say of trouble that passes; inside a script or a pipeline it stands further back.
#: BUSY: another script has run for too long. NOREPLICAS, MASTERDOWN, READONLY, UNBLOCKED, CLUSTERDOWN, TRYAGAIN: a failover
#: is under way. LOADING: it has just started. MISCONF, OOM: its disk or its memory is full. EXECABORT: a transaction met one.
_PASSING = "BUSY|NOREPLICAS|MASTERDOWN|READONLY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN|LOADING|MISCONF|OOM|EXECABORT"
_PASSING_WORD = re.compile(rf"(?:^|[ :]-|caused error: )(?:{_PASSING})\b")
#: The same where redis-py has taken the word for a class of its own.
_PASSING_ERRORS = (
    redis.exceptions.ReadOnlyError, redis.exceptions.TryAgainError, redis.exceptions.ClusterDownError,
    redis.exceptions.OutOfMemoryError, redis.exceptions.ExecAbortError,
    # The keys are on their way to another server of the cluster; steps need all of them in one place.
    redis.exceptions.AskError,
)  # fmt: skip
#: What a server says of a database in the URL that it does not have.
_NO_DATABASE = ("DB index", "SELECT is not allowed")
#: A key is of another type than we made it.
_FOREIGN = "WRONGTYPE"
_LOST = (redis.ConnectionError, redis.TimeoutError)
#: By name: its module is loaded only where there are Sentinels.
_NO_PRIMARY = "MasterNotFoundError"


class Connection:
    """One namespace of one Redis. Thread-safe; connects when first used.

    Every method may raise QueueUnavailable (transient), after a few quick retries.
    """

    def __init__(self, settings: SceneburstSettings, client: "redis.Redis | None" = None) -> None:
        self.keys = Keys(settings.namespace)
        url = settings.redis_address.get_secret_value()
        self.url = masked(url)
        self.lease_ms = int(settings.lease_s * 1000)
        self.result_ttl_s = settings.result_ttl_s
        self.client: Any = client if client is not None else make_client(parse_address(url), self.keys.prefix)
        self._steps = Steps(self.client, self.keys.prefixes)
        self._namespace = settings.namespace
        self.indexed_labels = frozenset(settings.indexed_labels)
        #: Nothing that an older structure has queued is left.
        self._is_structure_known = False
        #: Redis has let us in before: from then on, a refused login may be mended without us.
        self._was_let_in = False
        self._is_shut_out = False
        #: What every step gets.
        self._limits = (settings.event_limit, settings.result_ttl_s)

    def run(self, script: str, *arguments: str | float) -> Any:
        """Run one atomic step.

        Raises:
            QueueUnavailable: Redis does not answer; the step may or may not have happened (all are safe to repeat).
            SettingsError: the namespace holds what a version before this one has queued.
        """
        if not self._is_structure_known:
            self._refuse_older()
        with self.translated():
            return self._steps.run(script, (*self._limits, *arguments))

    def wait(self, keys: Sequence[str], timeout_s: float) -> str | None:
        """Block until one of some lists has an element, at most 5 seconds; take it, and return the list's key."""
        # Redis 6.2 takes less than 10 ms for minutes.
        timeout_s = min(max(timeout_s, SHORTEST_WAIT_S), BLOCK_LIMIT_S)
        with self.translated():
            rung = self._steps.command("BLPOP", *keys, timeout_s)
        return str(rung[0]) if rung else None

    @staticmethod
    def answers(pipeline: Any) -> list[Any]:
        """Run a pipeline of reads; the answer is None for a key of the wrong type, which a foreign writer has made."""
        found = pipeline.execute(raise_on_error=False)
        for answer in found:
            if isinstance(answer, Exception) and _FOREIGN not in str(answer):
                raise answer
        return [None if isinstance(answer, Exception) else answer for answer in found]

    def answer(self, command: str, *arguments: Any, **options: Any) -> Any:
        """Read with one of redis-py's commands; the answer is None for a key of the wrong type."""
        with self.translated():
            try:
                return getattr(self.client, command)(*arguments, **options)
            except redis.exceptions.ResponseError as error:
                if _FOREIGN not in str(error):
                    raise
                return None

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn redis-py's errors into ours."""
        try:
            yield
        except redis.exceptions.AuthenticationError as error:
            raise self._shut_out(error) from error
        except _LOST as error:
            if type(error).__name__ == _NO_PRIMARY:
                raise self._without_primary(error) from None
            hint = "is SCENEBURST_REDIS_URL right? `sceneburst up` runs a Redis to try things on"
            raise QueueUnavailable(f"Redis at {self.url} does not answer ({error}); {hint}") from error
        except redis.exceptions.NoPermissionError as error:
            raise self._refused(error) from error
        except redis.exceptions.ResponseError as error:
            # Inside a script, a missing permission is an ordinary error of the script.
            if any(word in str(error) for word in _DENIED):
                raise self._refused(error) from error
            if any(word in str(error) for word in _NO_DATABASE):
                raise SettingsError(f"SCENEBURST_REDIS_URL: Redis at {self.url} has no such database ({error})") from error
            if _FOREIGN in str(error):
                # It passes: the acting dispatcher puts keys of ours right when it comes by.
                raise QueueUnavailable(
                    f"Redis at {self.url}: somebody else has written to a key of this queue ({error})"
                ) from error
            if not isinstance(error, _PASSING_ERRORS) and not _PASSING_WORD.search(str(error)):
                raise
            # After a failover the same name may lead to another server, which only a new connection finds.
            self.client.connection_pool.disconnect(inuse_connections=False)
            raise QueueUnavailable(f"Redis at {self.url} cannot serve now: {error}") from error
        else:
            self._was_let_in, self._is_shut_out = True, False

    def _without_primary(self, error: Exception) -> SettingsError | QueueUnavailable:
        """Its own text is not shown: it holds what the Sentinels are connected to with."""
        if redis.exceptions.AuthenticationError.__name__ in str(error):
            return self._shut_out("the Sentinels do")
        return QueueUnavailable(f"Redis at {self.url} does not answer: no Sentinel knows a primary of this service")

    def _shut_out(self, error: object) -> SettingsError | QueueUnavailable:
        """A refused login: permanent at first; like an outage, with an alarm, for who was let in before."""
        without_password = str(error).startswith(_WITHOUT_PASSWORD)
        text = f"Redis at {self.url} refuses the login: {'it wants a password, and none is given' if without_password else error}"
        if not self._was_let_in:
            return SettingsError(f"{text}; are user and password of SCENEBURST_REDIS_URL or SCENEBURST_REDIS_PASSWORD right?")
        if not self._is_shut_out:
            self._is_shut_out = True
            # Loaded when needed: it brings rich along, which an application that enqueues does without.
            import structlog

            structlog.get_logger().error("redis refuses the login", redis=self.url, error=str(error))
        return QueueUnavailable(f"{text}; it was accepted before, so this waits until it is again")

    def _refused(self, error: Exception) -> SettingsError:
        return SettingsError(f"Redis at {self.url} refuses this: {error}; has the user of SCENEBURST_REDIS_URL the right role?")

    def ping(self) -> None:
        """Raises QueueUnavailable when Redis does not answer, and SettingsError as `run` does."""
        with self.translated():
            self.client.ping()
        self._refuse_older()

    def _refuse_older(self) -> None:
        with self.translated():
            is_queued = bool(self._steps.command("EXISTS", *self.keys.older))
        if is_queued:
            raise SettingsError(
                f"SCENEBURST_NAMESPACE: {self._namespace} at {self.url} holds items that an older Sceneburst has queued, which "
                "this one cannot read; let the older one finish or cancel them first, or choose another namespace"
            )
        self._is_structure_known = True

    def now_ms(self) -> int:
        """Redis's own clock, in Unix milliseconds."""
        with self.translated():
            seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def server(self) -> dict[str, Any]:
        """The fields of INFO. A server that is one of a cluster is followed from then on."""
        with self.translated():
            info = dict(self.client.info())
            locator = locator_of(self.client)
            if locator is not None and info.get("cluster_enabled") and not locator.is_cluster:
                locator.is_cluster = True
                # At once, as this server may be gone when the others are asked for.
                locator.find()
        return info

    def close(self) -> None:
        """Drop all connections; safe twice."""
        self.client.close()
        locator = locator_of(self.client)
        if locator is not None:
            locator.close()
