"""Storage of https:// addresses: read only, and only from public networks."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin

import httpx

from scenequeue.counted import counted
from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable
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
        except httpx.HTTPError as error:
            raise StorageUnavailable(f"{uri}: {str(error) or type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise BadInput(f"{uri}: {error}") from error
        except TimeoutError as error:
            arrived = counted(received.bytes, "byte")
            raise StorageUnavailable(f"{uri}: only {arrived} arrived within {self._limit_s:g} s") from error
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
        raise BadInput(f"{uri}: more than {_MAX_REDIRECTS} redirects")

    def put(self, source: Path, uri: str, **_options: object) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(f"{source.name} cannot be put at {uri}: https:// is only read")

    def stat(self, uri: str) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(f"{uri} cannot be an output: https:// is only read")

    def check_writable(self, uri: str) -> NoReturn:
        """Raise StorageDenied: https:// is only read."""
        raise StorageDenied(f"{uri} cannot be an output: https:// is only read")


class _Received:
    """The number of bytes that have arrived so far."""

    bytes = 0


async def _save(uri: str, response: httpx.Response, target: Path, max_bytes: int, received: _Received) -> None:
    status = response.status_code
    if status in _NOT_FOUND:
        raise ObjectNotFound(f"{uri}: no such object ({status})")
    if status >= _SERVER_ERROR or status in _BUSY:
        raise StorageUnavailable(f"{uri}: the server answered {status}")
    if not response.is_success:
        raise StorageDenied(f"{uri}: the server answered {status}")
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise BadInput(f"{uri} has {announced} bytes; at most {max_bytes} are allowed")
    with atomic_write(target) as copy, copy.open("wb") as sink:
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            received.bytes += len(chunk)
            if received.bytes > max_bytes:
                raise BadInput(f"{uri} has more than the {max_bytes} bytes that are allowed")
            sink.write(chunk)
        if announced.isdigit() and received.bytes != int(announced):
            raise StorageUnavailable(f"{uri}: {received.bytes} of {counted(announced, 'byte')} arrived")
