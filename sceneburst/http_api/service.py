"""Objects shared by all requests to the HTTP API: the queue, the keys, and the limits of concurrent work."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import anyio
import structlog
from anyio import to_thread
from fastapi import Request

from producer.client import Producer
from sceneburst.access.key_ring import KeyRing
from sceneburst.access.roles import Caller, Role
from sceneburst.http_api.auth import check_access
from sceneburst.http_api.codes import Code
from sceneburst.http_api.errors import TooManyRequests, Unauthorized
from scenequeue.errors import QueueUnavailable
from scenequeue.reasons import Reason
from scenequeue.settings import ApiSettings
from scenequeue.token_bucket import TokenBucket

T = TypeVar("T")

#: A probe that takes longer counts as a failure of Redis.
_READY_LIMIT_S = 2.0
#: Seconds for which a probe's result is reused: probes need no key, so anybody may send many.
_READY_KEPT_S = 1.0
#: Everybody, where no key is asked for.
_ANYBODY = Caller("anybody", Role.OPERATE)


class Service:
    """Shared state of all requests. The Producer blocks: it runs in api_threads threads, and event streams in api_streams more.

    Args:
        settings: settings of the API.

    Raises:
        SettingsError: anybody could call by mistake.
    """

    def __init__(self, settings: ApiSettings) -> None:
        check_access(settings)
        self.settings = settings
        self.producer = Producer(settings=settings)
        #: Set on shutdown: event streams end at their next poll.
        self.stopping = threading.Event()
        self.open_streams = 0
        self._keys = KeyRing(settings.api_keys, self.producer.queue.access.all_keys)
        #: One per caller.
        self._buckets: dict[str, TokenBucket] = {}
        self._threads = anyio.CapacityLimiter(settings.api_threads)
        self._stream_threads = anyio.CapacityLimiter(settings.api_streams)
        self._probing = anyio.Lock()
        self._probed_at = -_READY_KEPT_S
        self._probe_error: Reason | None = None
        self._log = structlog.get_logger()

    async def call(self, work: Callable[[], T]) -> T:
        """Run a blocking call in one of the requests' threads."""
        return await to_thread.run_sync(work, limiter=self._threads)

    async def wait(self, work: Callable[[], T]) -> T:
        """Run a call that waits for events from Redis in one of the streams' threads."""
        return await to_thread.run_sync(work, limiter=self._stream_threads)

    async def admit(self, key: str | None) -> Caller:
        """Return the caller, and count the request against the caller's rate.

        Raises:
            Unauthorized, TooManyRequests, QueueUnavailable.
        """
        caller = _ANYBODY if self.settings.api_open else await self._owner_of(key)
        name = caller.name
        if name not in self._buckets:
            self._buckets[name] = TokenBucket(self.settings.api_requests_per_s, self.settings.api_burst)
        if wait_s := self._buckets[name].try_take():
            raise TooManyRequests(wait_s, limit=self.settings.api_requests_per_s)
        return caller

    async def _owner_of(self, key: str | None) -> Caller:
        if not key:
            raise Unauthorized(Code.API_KEY_MISSING)
        known = await self._keys.find(key)
        if known is None:
            raise Unauthorized(Code.API_KEY_UNREGISTERED)
        return known.caller

    async def check_ready(self) -> None:
        """Raise QueueUnavailable if Redis does not answer in time."""
        async with self._probing:
            if time.monotonic() - self._probed_at >= _READY_KEPT_S:
                self._probe_error = await self._probe()
                self._probed_at = time.monotonic()
            if self._probe_error:
                raise QueueUnavailable(self._probe_error)

    async def _probe(self) -> Reason | None:
        try:
            with anyio.fail_after(_READY_LIMIT_S):
                await to_thread.run_sync(self.producer.queue.ping, abandon_on_cancel=True)
        except TimeoutError:
            return Reason(Code.PROBE_UNANSWERED, {"url": self.producer.queue.url, "limit_s": _READY_LIMIT_S})
        except QueueUnavailable as error:
            return error.reason
        return None

    def log_in(self) -> None:
        """Log in to Redis.

        Raises:
            QueueUnavailable, SettingsError.
        """
        self.producer.queue.ping()

    def close(self) -> None:
        """Close all connections; safe twice."""
        self.producer.close()


def service_of(request: Request) -> Service:
    """Return the service of a request's application."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service
