"""HTTP exchanges with servers of the open internet, each with one limit for all of it."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import httpx

from scenequeue.storages.public_network import Resolve, pinned, public_address

T = TypeVar("T")

#: Each step of an exchange; the exchange as a whole has the limit of `run_within`.
_STEP_LIMITS = httpx.Timeout(30.0, connect=5.0)
#: Pause between two looks at whether an exchange should end early, in seconds.
_LOOK_S = 0.25


@contextlib.asynccontextmanager
async def answer_of(
    method: str,
    url: str,
    *,
    resolve: Resolve = public_address,
    transport: httpx.AsyncBaseTransport | None = None,
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
) -> AsyncIterator[httpx.Response]:
    """Send one request and yield its answer, of which only the head has been read; redirects are not followed.

    Raises:
        StorageDenied, StorageUnavailable: see `pinned`.
        httpx.HTTPError, httpx.InvalidURL: the exchange failed.
    """
    request = await _in_thread(lambda: pinned(url, resolve))
    request["headers"] |= headers or {}
    async with (
        httpx.AsyncClient(timeout=_STEP_LIMITS, trust_env=False, follow_redirects=False, transport=transport) as client,
        client.stream(method, content=content, **request) as response,
    ):
        yield response


def run_within(limit_s: float, exchange: Callable[[], Awaitable[T]], stop_if_asked: Callable[[], None] | None = None) -> T:
    """Run an exchange to its end; connecting, TLS, head and body share one time limit, in seconds.

    A server can then hold nobody up, however slowly it sends whatever part of its answer.

    Args:
        limit_s: for everything together.
        exchange: what to do; cancelled when it has to end early.
        stop_if_asked: called four times a second; what it raises ends the exchange, and is raised.

    Raises:
        TimeoutError: the limit was reached.
        httpx.NetworkError: the system gave a connection up before that.
    """

    async def bounded() -> T:
        async with asyncio.timeout(limit_s):
            task = asyncio.ensure_future(exchange())
            try:
                while not (await asyncio.wait({task}, timeout=_LOOK_S))[0]:
                    if stop_if_asked is not None:
                        stop_if_asked()
                return task.result()
            except TimeoutError as error:
                if error.errno is None:
                    raise
                raise httpx.NetworkError("the connection timed out") from error
            finally:
                task.cancel()
                await asyncio.wait({task})

    return asyncio.run(bounded())


async def _in_thread(work: Callable[[], T]) -> T:
    """Do blocking work in a thread that is left behind on cancellation: a resolver can take longer than the exchange may."""
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
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    return await done
