"""The connection to Redis: how it is made, how it fails, and how the atomic steps are called through it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from scenequeue.errors import QueueUnavailable, SettingsError
from scenequeue.keys import Keys
from scenequeue.settings import SceneburstSettings
from scenequeue.steps import Steps

#: Longest that one blocking command waits; shorter than the socket's time-out, so that silence means trouble.
BLOCK_LIMIT_S = 5.0
_SOCKET_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 3.0
#: Within one call; whoever calls decides what to do after that.
_RETRIES = 3

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
)  # fmt: skip
_LOST = (redis.ConnectionError, redis.TimeoutError)


def masked(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))


class Connection:
    """One namespace of one Redis. Thread-safe; connects when first used.

    Every method may raise QueueUnavailable (transient), after a few quick retries.
    """

    def __init__(self, settings: SceneburstSettings, client: "redis.Redis | None" = None) -> None:
        self.keys = Keys(settings.namespace)
        self.url = masked(settings.redis_address.get_secret_value())
        self.lease_ms = int(settings.lease_s * 1000)
        self.result_ttl_s = settings.result_ttl_s
        self.client: Any = client if client is not None else _client(settings)
        self._steps = Steps(self.client, self.keys.prefix)
        #: What every step gets.
        self._limits = (settings.event_limit, settings.result_ttl_s)

    def run(self, script: str, *arguments: str | float) -> Any:
        """Run one atomic step.

        Raises:
            QueueUnavailable: Redis does not answer; the step may or may not have happened (all are safe to repeat).
        """
        with self.translated():
            return self._steps.run(script, (*self._limits, *arguments))

    def wait(self, key: str, timeout_s: float) -> bool:
        """Block until a list has an element, at most 5 seconds; the element goes from its front to its back."""
        with self.translated():
            rung = self._steps.command("BLMOVE", key, key, "LEFT", "RIGHT", min(timeout_s, BLOCK_LIMIT_S))
        return rung is not None

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn redis-py's errors into ours."""
        try:
            yield
        except _LOST as error:
            hint = "is SCENEBURST_REDIS_URL right? `sceneburst up` runs a Redis to try things on"
            raise QueueUnavailable(f"Redis at {self.url} does not answer ({error}); {hint}") from error
        except (redis.exceptions.NoPermissionError, redis.exceptions.AuthenticationError) as error:
            raise self._refused(error) from error
        except redis.exceptions.ResponseError as error:
            # Inside a script, a missing permission is an ordinary error of the script.
            if any(word in str(error) for word in _DENIED):
                raise self._refused(error) from error
            if not isinstance(error, _PASSING_ERRORS) and not _PASSING_WORD.search(str(error)):
                raise
            # After a failover the same name may lead to another server, which only a new connection finds.
            self.client.connection_pool.disconnect(inuse_connections=False)
            raise QueueUnavailable(f"Redis at {self.url} cannot serve now: {error}") from error

    def _refused(self, error: Exception) -> SettingsError:
        return SettingsError(f"Redis at {self.url} refuses this: {error}; has the user of SCENEBURST_REDIS_URL the right role?")

    def ping(self) -> None:
        """Raises QueueUnavailable when Redis does not answer."""
        with self.translated():
            self.client.ping()

    def now_ms(self) -> int:
        """Redis's own clock, in Unix milliseconds."""
        with self.translated():
            seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def close(self) -> None:
        """Drop all connections; safe twice."""
        self.client.close()


def _client(settings: SceneburstSettings) -> "redis.Redis":
    url = settings.redis_address.get_secret_value()
    try:
        return redis.Redis.from_url(
            url,
            decode_responses=True,
            # A foreign writer's bytes that are not UTF-8 must not keep an answer from being read: shown as \\xff, they are
            # no JSON, and end as a dead letter.
            encoding_errors="backslashreplace",
            socket_timeout=_SOCKET_TIMEOUT_S,
            socket_connect_timeout=_CONNECT_TIMEOUT_S,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), _RETRIES),
            health_check_interval=30,
        )
    except ValueError as error:
        raise SettingsError(f"SCENEBURST_REDIS_URL: {masked(url)!r} is no redis://, rediss:// or unix:// URL ({error})") from None
