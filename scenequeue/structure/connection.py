"""The connection to Redis: runs the atomic steps, and translates errors."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from scenequeue.errors import QueueUnavailable, SettingsError, reason_for, said_by
from scenequeue.jobs.need import Need, need_in
from scenequeue.reasons import Code, Reason
from scenequeue.redaction import mask_url
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.keys import STRUCTURES, Keys
from scenequeue.structure.no_primary import NoPrimary
from scenequeue.structure.redis_address import parse_address
from scenequeue.structure.redis_clients import find_locator, make_client
from scenequeue.structure.script_runner import Steps

#: Longest wait of one blocking command; less than the socket's time-out, which therefore only a broken connection reaches.
BLOCK_LIMIT_S = 5.0
#: Shortest one: with a time-out below 10 ms, BLPOP of Redis 6.2 blocks for minutes.
MIN_WAIT_S = 0.01

#: Beginnings of Redis's errors if no password was given.
_WITHOUT_PASSWORD = ("HELLO must be called with the client already authenticated", "Authentication required")
_DENIED = ("ACL", "can't access", "can't run")
#: The command that chooses a database, as errors name it.
_SELECT = "'select'"
#: Codes of transient errors: the first word of the message, or further back for errors inside a script or a pipeline.
#: BUSY: another script has run for too long. NOREPLICAS, MASTERDOWN, READONLY, UNBLOCKED, CLUSTERDOWN, TRYAGAIN: during a
#: failover. LOADING: just started. MISCONF, OOM: disk or memory is full. EXECABORT: a transaction met one of these.
_TRANSIENT_CODES = "BUSY|NOREPLICAS|MASTERDOWN|READONLY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN|LOADING|MISCONF|OOM|EXECABORT"
_TRANSIENT_CODE = re.compile(rf"(?:^|[ :]-|caused error: )(?:{_TRANSIENT_CODES})\b")
#: The same errors, where redis-py has a class for the code.
_TRANSIENT_ERRORS = (
    redis.exceptions.ReadOnlyError, redis.exceptions.TryAgainError, redis.exceptions.ClusterDownError,
    redis.exceptions.OutOfMemoryError, redis.exceptions.ExecAbortError,
    # The keys are being moved to another server of the cluster; a step needs all of them on one server.
    redis.exceptions.AskError,
)  # fmt: skip
#: Errors for a database number that the server does not have.
_NO_DATABASE = ("DB index", "SELECT is not allowed")
#: The error for a key whose type another program has changed.
_WRONG_TYPE = "WRONGTYPE"
#: OSError: redis-py opens a file for each new connection, which fails where no descriptor is left.
_LOST = (redis.ConnectionError, redis.TimeoutError, OSError)


@dataclass
class _Known:
    """Facts learnt about the queue so far; the connections of all its structures share them."""

    #: The newest structure that is served.
    newest: int
    #: True once it is known that the namespace holds no items of structure 1.
    is_structure: bool = False
    #: True after the first accepted login; a refused one is transient from then on.
    was_logged_in: bool = False
    is_login_refused: bool = False


class Connection:
    """One structure of one namespace of one Redis. Thread-safe; connects when first used.

    Every method may raise QueueUnavailable (transient), after a few quick retries.

    Args:
        settings: where the queue is.
        client: a ready client instead of one made from the settings.
        structures: numbers of those that are served, newest first; this connection is the first one's.
        known: facts that the connection of a newer structure shares with this one.
    """

    def __init__(
        self,
        settings: SceneburstSettings,
        client: "redis.Redis | None" = None,
        structures: Sequence[int] = STRUCTURES,
        known: _Known | None = None,
    ) -> None:
        self.structures = tuple(structures)
        self.structure, *older = structures
        self.keys = Keys(settings.namespace, self.structure)
        #: Names by which address and namespace were given, for messages.
        self._setting, self._namespace_setting = settings.name_of("redis_url"), settings.name_of("namespace")
        url = settings.redis_address.get_secret_value()
        self.url = mask_url(url)
        self.lease_ms = int(settings.lease_s * 1000)
        self.result_ttl_s = settings.result_ttl_s
        self.client: Any = client if client is not None else make_client(parse_address(url, self._setting), self.keys.prefix)
        self._steps = Steps(self.client)
        self._namespace = settings.namespace
        self.indexed_labels = frozenset(settings.indexed_labels)
        self._known = known or _Known(newest=self.structure)
        #: The first arguments of every step.
        self._limits = (settings.event_limit, settings.result_ttl_s)
        #: The connections of the older structures, newest first.
        self.older = tuple(Connection(settings, self.client, (number,), self._known) for number in older)
        self._prefixes = (self.keys.prefix, self.keys.structure)
        self._prefixes_of_all = (*self._prefixes, *(each.keys.structure for each in self.older))

    @property
    def all(self) -> "tuple[Connection, ...]":
        """The connection of each structure, newest first."""
        return (self, *self.older)

    def of(self, structure: int) -> "Connection":
        """Return the connection of one structure; the newest one's for 0."""
        return next((each for each in self.older if each.structure == structure), self)

    def holding(self, job_id: str) -> "Connection":
        """Return the connection of the newest structure that holds a job of this id; the newest one's where none does."""
        return self.holders(job_id)[0]

    def holders(self, job_id: str) -> "list[Connection]":
        """Return the connections of all structures that hold a job of this id, newest first; the newest one's where none does.

        Cost: nothing where one structure is served, else one round trip.
        """
        if not self.older:
            return [self]
        with self.translated():
            pipeline = self.client.pipeline(transaction=False)
            for each in self.all:
                pipeline.exists(each.keys.job(job_id))
            found = pipeline.execute()
        return [each for each, is_there in zip(self.all, found, strict=True) if is_there] or [self]

    def need(self, need: str) -> Need:
        """Return a need of this structure as callers of the ports name it: with "@<structure>" unless that is the newest."""
        return need_in(need, self.structure, self._known.newest)

    def run(self, script: str, *arguments: str | float) -> Any:
        """Run one atomic step on this structure.

        Args:
            script: name of its file in scenequeue/scripts, without the ending.
            arguments: its ARGV, from ARGV[3] on.

        Raises:
            QueueUnavailable: Redis does not answer. The step may have been run; every step is safe to repeat.
            SettingsError: the namespace holds items of the unreleased structure 1.
        """
        return self._run(script, self._prefixes, arguments)

    def run_on_all(self, script: str, *arguments: str | float) -> Any:
        """Run one atomic step that works on all structures at once. Arguments and errors as for `run`."""
        return self._run(script, self._prefixes_of_all, arguments)

    def _run(self, script: str, prefixes: tuple[str, ...], arguments: tuple[str | float, ...]) -> Any:
        if not self._known.is_structure:
            self._refuse_older()
        with self.translated():
            return self._steps.run(script, prefixes, (*self._limits, *arguments))

    def wait(self, keys: Sequence[str], timeout_s: float) -> str | None:
        """Block until one of these lists has an element; remove the element and return the list's key.

        Args:
            keys: of the lists.
            timeout_s: from MIN_WAIT_S to BLOCK_LIMIT_S; other values are brought into this range. None is returned after it.
        """
        timeout_s = min(max(timeout_s, MIN_WAIT_S), BLOCK_LIMIT_S)
        with self.translated():
            rung = self._steps.command("BLPOP", *keys, timeout_s)
        return str(rung[0]) if rung else None

    @staticmethod
    def answers(pipeline: Any) -> list[Any]:
        """Run a pipeline of reads and return the answers; None for a key of the wrong type, which another program has written."""
        found = pipeline.execute(raise_on_error=False)
        for answer in found:
            if isinstance(answer, Exception) and _WRONG_TYPE not in str(answer):
                raise answer
        return [None if isinstance(answer, Exception) else answer for answer in found]

    def answer(self, command: str, *arguments: Any, **options: Any) -> Any:
        """Run a read by the name of redis-py's method and return the answer; None for a key of the wrong type."""
        with self.translated():
            try:
                return getattr(self.client, command)(*arguments, **options)
            except redis.exceptions.ResponseError as error:
                if _WRONG_TYPE not in str(error):
                    raise
                return None

    def hashes(self, keys: Sequence[str]) -> list[dict[str, str]]:
        """Read whole hashes in one round trip; a hash that does not exist, or whose key has another type, is empty."""
        if not keys:
            return []
        with self.translated():
            pipeline = self.client.pipeline(transaction=False)
            for key in keys:
                pipeline.hgetall(key)
            return [whole or {} for whole in self.answers(pipeline)]

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Translate errors of redis-py in this block: into QueueUnavailable if they are transient, else into SettingsError."""
        try:
            yield
        except redis.exceptions.AuthenticationError as error:
            raise self._login_error(error) from error
        except _LOST as error:
            if isinstance(error, NoPrimary):
                raise self._without_primary(error) from None
            raise QueueUnavailable(Code.REDIS_UNANSWERED, url=self.url, problem=said_by(error), setting=self._setting) from error
        except redis.exceptions.NoPermissionError as error:
            raise self._permission_error(error) from error
        except redis.exceptions.ResponseError as error:
            # Inside a script, a missing permission is a plain ResponseError.
            if any(word in str(error) for word in _DENIED):
                raise self._permission_error(error) from error
            if any(word in str(error) for word in _NO_DATABASE):
                raise SettingsError(
                    Code.REDIS_DATABASE_MISSING, url=self.url, problem=str(error), setting=self._setting
                ) from error
            if _WRONG_TYPE in str(error):
                # Transient, as the acting dispatcher repairs such keys.
                raise QueueUnavailable(Code.REDIS_KEY_FOREIGN, url=self.url, problem=str(error)) from error
            if not isinstance(error, _TRANSIENT_ERRORS) and not _TRANSIENT_CODE.search(str(error)):
                raise
            # After a failover the host name may resolve to another server; only new connections reach it.
            self.client.connection_pool.disconnect(inuse_connections=False)
            raise QueueUnavailable(Code.REDIS_UNABLE, url=self.url, problem=str(error)) from error
        else:
            self._known.was_logged_in, self._known.is_login_refused = True, False

    def _without_primary(self, error: NoPrimary) -> SettingsError | QueueUnavailable:
        if error.is_login:
            return self._login_error(error.problem)
        return QueueUnavailable(Code.REDIS_NO_PRIMARY, url=self.url, problem=error.problem)

    def _login_error(self, error: Exception | Reason) -> SettingsError | QueueUnavailable:
        """Translate a refused login: permanent before the first accepted one; after it transient, with one logged error."""
        problem = error if isinstance(error, Reason) else str(error)
        if isinstance(problem, str) and problem.startswith(_WITHOUT_PASSWORD):
            problem = Reason(Code.REDIS_WANTS_LOGIN)
        if not self._known.was_logged_in:
            return SettingsError(Code.REDIS_LOGIN_REFUSED, url=self.url, problem=problem, setting=self._setting)
        if not self._known.is_login_refused:
            self._known.is_login_refused = True
            # Imported here, as it imports rich, which an application that only enqueues does not need.
            import structlog

            # Only in programs with a log; elsewhere structlog would print on standard output, and the error says it all.
            if structlog.is_configured():
                structlog.get_logger().error("redis refuses the login", redis=self.url, error=reason_for(problem).text)
        return QueueUnavailable(Code.REDIS_LOGIN_LOST, url=self.url, problem=problem)

    def _permission_error(self, error: Exception) -> SettingsError:
        if _SELECT in str(error):
            return SettingsError(Code.REDIS_DATABASE_FORBIDDEN, url=self.url, problem=str(error), setting=self._setting)
        return SettingsError(Code.REDIS_FORBIDS, url=self.url, problem=str(error), setting=self._setting)

    def ping(self) -> None:
        """Check that Redis answers and that the namespace is usable; raises as `run` does."""
        with self.translated():
            self.client.ping()
        self._refuse_older()

    def _refuse_older(self) -> None:
        with self.translated():
            is_queued = bool(self._steps.command("EXISTS", *self.keys.older))
        if is_queued:
            raise SettingsError(Code.NAMESPACE_OLDER, namespace=self._namespace, url=self.url, setting=self._namespace_setting)
        self._known.is_structure = True

    def now_ms(self) -> int:
        """Return the time by Redis's clock, in Unix milliseconds."""
        with self.translated():
            seconds, micros = self.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def server(self) -> dict[str, Any]:
        """Return the fields of INFO. If the server belongs to a cluster, the connection follows the keys from then on."""
        with self.translated():
            info = dict(self.client.info())
            locator = find_locator(self.client)
            if locator is not None and info.get("cluster_enabled") and not locator.is_cluster:
                locator.is_cluster = True
                # Look up the other servers at once, as this one may be gone later.
                locator.find()
        return info

    def close(self) -> None:
        """Close all connections; safe twice."""
        self.client.close()
        locator = find_locator(self.client)
        if locator is not None:
            locator.close()
