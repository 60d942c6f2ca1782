"""Storage of https:// addresses: read only, and only from public networks."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin

import httpx

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable, said_by
from scenequeue.reasons import Code
from scenequeue.storage import Stored
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
        try:
            run_with_limit(self._limit_s, lambda: self._download(uri, target, max_bytes, received), stop_if_asked)
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
        return Stored(uri=uri, bytes=received.bytes)

    async def _download(self, uri: str, target: Path, max_bytes: int, received: "_Received") -> None:
        url = uri
        for _ in range(_MAX_REDIRECTS + 1):
            async with open_response("GET", url, resolve=self._resolve, transport=self._transport) as response:
                if not response.is_redirect:
                    await _save(uri, response, target, max_bytes, received)
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
    status = response.status_code
    if status in _NOT_FOUND:
        raise ObjectNotFound(Code.OBJECT_MISSING, uri=uri, answer=str(status))
    if status >= _SERVER_ERROR or status in _BUSY:
        raise StorageUnavailable(Code.SERVER_ANSWERED, uri=uri, status=status)
    if not response.is_success:
        raise StorageDenied(Code.SERVER_ANSWERED, uri=uri, status=status)
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
