"""Storage of https:// addresses: read only, and only from public networks."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn
from urllib.parse import urljoin

import httpx

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable, said_by
from scenequeue.reasons import Code
from scenequeue.storage import FoundSource, Stored
from scenequeue.storages.atomic import atomic_write
from scenequeue.storages.bounded_http import open_response, run_with_limit
from scenequeue.storages.disk_errors import copy_error
from scenequeue.storages.public_network import Resolve, public_address

_MAX_REDIRECTS = 5
#: Time limit of one download in seconds, redirects included.
MAX_DOWNLOAD_S = 900.0
_CHUNK_BYTES = 64 * 1024
_NOT_FOUND = frozenset({404, 410})
_BUSY = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_PARTIAL, _RANGE_NOT_SATISFIABLE = 206, 416
#: First byte, last byte, and size of the whole.
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})")


class HttpsStorage:
    """Public web servers.

    Each hop's host is resolved once. All its addresses must be public, and the connection goes to one of them, so that a
    second look-up cannot lead elsewhere.

    Args:
        resolve: returns the address of a host and port.
        transport: httpx transport to use instead of the network's.
        limit_s: time limit of one download.
    """

    def __init__(
        self,
        resolve: Resolve = public_address,
        transport: httpx.AsyncBaseTransport | None = None,
        limit_s: float = MAX_DOWNLOAD_S,
    ) -> None:
        self._resolve, self._transport, self._limit_s = resolve, transport, limit_s

    def get(self, uri: str, target: Path, *, max_bytes: int, stop_if_asked: Callable[[], None] | None = None) -> Stored:
        """Stream the body to a file, following at most five redirects; see Storage.get."""
        received = _Received()
        with self._translating_errors(uri, received):
            run_with_limit(self._limit_s, lambda: self._download(uri, target, max_bytes, received), stop_if_asked)
        return Stored(uri=uri, bytes=received.bytes)

    def find_source(self, uri: str) -> FoundSource:
        """Request the first byte; the version is the ETag, or the time of change, with the size. See Storage.find_source."""

        async def find() -> FoundSource:
            async with self._open(uri, {"Range": "bytes=0-0"}) as response:
                is_empty = response.status_code == _RANGE_NOT_SATISFIABLE and _total(response) == 0
                if not is_empty:
                    _check_status(uri, response)
                return FoundSource(
                    bytes=_total(response), version=_version(response), has_ranges=_has_range(response) or is_empty
                )

        with self._translating_errors(uri, _Received()):
            return run_with_limit(self._limit_s, find)

    def read_range(
        self, uri: str, begin: int, end: int, *, version: str, target: BinaryIO, stop_if_asked: Callable[[], None] | None = None
    ) -> None:
        """Request a span. The version of what is sent is compared, which servers need not support. See Storage.read_range."""
        received = _Received()

        async def read() -> None:
            async with self._open(uri, {"Range": f"bytes={begin}-{end - 1}"}) as response:
                if response.status_code == _RANGE_NOT_SATISFIABLE:
                    raise BadInput(Code.SOURCE_CHANGED, uri=uri)
                _check_status(uri, response)
                if not _has_range(response):
                    raise BadInput(Code.SOURCE_WITHOUT_RANGES, uri=uri)
                if _version(response) != version or _span(response) != (begin, end):
                    raise BadInput(Code.SOURCE_CHANGED, uri=uri)
                target.seek(begin)
                async for chunk in response.aiter_raw(_CHUNK_BYTES):
                    received.bytes += len(chunk)
                    if received.bytes > end - begin:
                        break
                    target.write(chunk)

        if begin < end:
            with self._translating_errors(uri, received):
                run_with_limit(self._limit_s, read, stop_if_asked)
            if received.bytes != end - begin:
                raise StorageUnavailable(Code.ARRIVED_SHORT, uri=uri, received=received.bytes, size=end - begin)

    @contextmanager
    def _translating_errors(self, uri: str, received: "_Received") -> Iterator[None]:
        try:
            yield
        except (StorageDenied, StorageUnavailable) as error:
            if "host" not in error.reason.parameters:
                raise
            # The resolver knows only the host, which may be that of a redirect.
            raise type(error)(error.reason.with_parameters(uri=uri)) from error
        except httpx.HTTPError as error:
            raise StorageUnavailable(Code.ADDRESS_FAILED, uri=uri, problem=said_by(error)) from error
        except httpx.InvalidURL as error:
            raise BadInput(Code.ADDRESS_REFUSED, uri=uri, problem=str(error)) from error
        except TimeoutError as error:
            raise StorageUnavailable(Code.DOWNLOAD_SLOW, uri=uri, received=received.bytes, limit_s=self._limit_s) from error
        except OSError as error:
            raise copy_error(uri, error) from error

    async def _download(self, uri: str, target: Path, max_bytes: int, received: "_Received") -> None:
        async with self._open(uri, {}) as response:
            await _save(uri, response, target, max_bytes, received)

    @asynccontextmanager
    async def _open(self, uri: str, headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
        """Send a GET request, and follow redirects; each hop's host is resolved and judged anew."""
        url = uri
        for _ in range(_MAX_REDIRECTS + 1):
            async with open_response("GET", url, resolve=self._resolve, transport=self._transport, headers=headers) as response:
                if not response.is_redirect:
                    yield response
                    return
                url = urljoin(url, response.headers.get("location", ""))
        raise BadInput(Code.REDIRECTS, uri=uri, limit=_MAX_REDIRECTS)

    def put(self, source: Path, uri: str, **_options: object) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(Code.HTTPS_PUT, name=source.name, uri=uri)

    def stat(self, uri: str) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(Code.HTTPS_OUTPUT, uri=uri)

    def delete_under(self, uri: str) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(Code.HTTPS_OUTPUT, uri=uri)

    def check_writable(self, uri: str) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(Code.HTTPS_OUTPUT, uri=uri)


class _Received:
    """The number of bytes that have arrived so far."""

    bytes = 0


async def _save(uri: str, response: httpx.Response, target: Path, max_bytes: int, received: _Received) -> None:
    _check_status(uri, response)
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise BadInput(Code.FILE_TOO_LARGE, uri=uri, size=int(announced), limit=max_bytes)
    with atomic_write(target) as copy, copy.open("wb") as sink:
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            received.bytes += len(chunk)
            if received.bytes > max_bytes:
                raise BadInput(Code.FILE_LONGER, uri=uri, limit=max_bytes)
            sink.write(chunk)
        if announced.isdigit() and received.bytes != int(announced):
            raise StorageUnavailable(Code.ARRIVED_SHORT, uri=uri, received=received.bytes, size=int(announced))


def _check_status(uri: str, response: httpx.Response) -> None:
    status = response.status_code
    if status in _NOT_FOUND:
        raise ObjectNotFound(Code.OBJECT_MISSING, uri=uri, answer=str(status))
    if status >= _SERVER_ERROR or status in _BUSY:
        raise StorageUnavailable(Code.SERVER_ANSWERED, uri=uri, status=status)
    if not response.is_success:
        raise StorageDenied(Code.SERVER_ANSWERED, uri=uri, status=status)


def _has_range(response: httpx.Response) -> bool:
    return response.status_code == _PARTIAL and _span(response) is not None


def _span(response: httpx.Response) -> tuple[int, int] | None:
    """Return the span that the server sends: first byte, and the byte behind the last one."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    return None if found is None or found[1] is None else (int(found[1]), int(found[2]) + 1)


def _total(response: httpx.Response) -> int | None:
    """Return the size of the whole, as far as the server tells it."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if found is not None:
        return int(found[3])
    length = response.headers.get("content-length", "")
    return int(length) if response.status_code != _PARTIAL and length.isdigit() else None


def _version(response: httpx.Response) -> str:
    """Return the content's identity; "" if the server tells none."""
    found = response.headers.get("etag") or response.headers.get("last-modified")
    total = _total(response)
    return "" if not found or total is None else f"{found} {total}"
