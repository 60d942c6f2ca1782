"""HTTP exchanges with public servers, each with one time limit for all its steps."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import httpx

from scenequeue.reasons import Code, Reason
from scenequeue.storages.public_network import Resolve, pinned_request, public_address

T = TypeVar("T")

#: Time-outs of each step; `run_with_limit` limits the whole exchange.
_STEP_TIMEOUTS = httpx.Timeout(30.0, connect=5.0)
#: Seconds between two calls of `stop_if_asked`.
_STOP_CHECK_S = 0.25


class ConnectionTimedOut(httpx.NetworkError):
    """The operating system closed the connection before the time limit."""

    def __init__(self) -> None:
        self.reason = Reason(Code.CONNECTION_TIMED_OUT)
        super().__init__(self.reason.code)

    def __str__(self) -> str:
        return self.reason.text


@contextlib.asynccontextmanager
async def open_response(
    method: str,
    url: str,
    *,
    resolve: Resolve = public_address,
    transport: httpx.AsyncBaseTransport | None = None,
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
) -> AsyncIterator[httpx.Response]:
    """Send one request and yield the response, of which only the head has been read; redirects are not followed.

    Raises:
        StorageDenied, StorageUnavailable: see `pinned_request`.
        httpx.HTTPError, httpx.InvalidURL: the exchange failed.
    """
    request = await _in_thread(lambda: pinned_request(url, resolve))
    request["headers"] |= headers or {}
    async with (
        httpx.AsyncClient(timeout=_STEP_TIMEOUTS, trust_env=False, follow_redirects=False, transport=transport) as client,
        client.stream(method, content=content, **request) as response,
    ):
        yield response


def run_with_limit(limit_s: float, exchange: Callable[[], Awaitable[T]], stop_if_asked: Callable[[], None] | None = None) -> T:
    """Run an exchange with one time limit for name resolution, connection, TLS, head and body.

    A server that sends any of these slowly, byte by byte, cannot hold the caller longer than that.

    Args:
        limit_s: the time limit.
        exchange: the coroutine to run; cancelled when it must end early.
        stop_if_asked: called four times a second; an exception from it ends the exchange, and is raised.

    Raises:
        TimeoutError: the limit was reached.
        ConnectionTimedOut: the operating system closed the connection before that.
    """

    async def bounded() -> T:
        async with asyncio.timeout(limit_s):
            task = asyncio.ensure_future(exchange())
            try:
                while not (await asyncio.wait({task}, timeout=_STOP_CHECK_S))[0]:
                    if stop_if_asked is not None:
                        stop_if_asked()
                return task.result()
            except TimeoutError as error:
                if error.errno is None:
                    raise
                raise ConnectionTimedOut from error
            finally:
                task.cancel()
                await asyncio.wait({task})

    return asyncio.run(bounded())


async def _in_thread(work: Callable[[], T]) -> T:
    """Run blocking work in a thread that is abandoned on cancellation: name resolution can outlast the time limit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the event loop is closed
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    return await done
