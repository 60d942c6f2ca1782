"""https:// addresses, read only, and never of a private network."""

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx

from scenequeue.errors import BadInput, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.storage import Stored
from scenequeue.storage_files import whole

_REDIRECTS = 5
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_ABSENT = frozenset({404, 410})
_BUSY = frozenset({408, 425, 429})
_SERVER_ERROR = 500


def public_address(host: str, port: int) -> str:
    """One address of the host, when all of them are public.

    Raises:
        StorageDenied: any of them is private, loopback, link-local, multicast or reserved.
        StorageUnavailable: the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StorageUnavailable(f"{host} does not resolve: {error}") from None
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        inner = getattr(address, "ipv4_mapped", None) or address
        if not inner.is_global or inner.is_multicast:
            raise StorageDenied(f"{host} has the address {text}, which is not a public one")
    return addresses[0]


def pinned(url: str, resolve: Callable[[str, int], str] = public_address) -> dict[str, Any]:
    """Arguments for httpx that send a request to the one address that was judged, under the name that was asked for.

    Raises:
        StorageDenied: not a plain https:// address, or not a public one.
        StorageUnavailable: the name does not resolve.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise StorageDenied(f"{url!r} is not a plain https:// address")
    address = resolve(parts.hostname, parts.port or 443)
    bracketed = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{bracketed}:{parts.port or 443}", fragment="")
    headers = {"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "sceneburst"}
    return {"url": target.geturl(), "headers": headers, "extensions": {"sni_hostname": parts.hostname}}


class HttpsStorage:
    """Public web servers.

    The host is resolved once per hop, all its addresses are judged, and the connection goes to the one judged,
    so that a second look-up cannot lead elsewhere.
    """

    def __init__(self, resolve: Callable[[str, int], str] = public_address, transport: httpx.BaseTransport | None = None) -> None:
        self._resolve = resolve
        self._transport = transport

    def get(self, uri: str, target: Path, *, max_bytes: int) -> Stored:
        """Stream the body to a file, following at most five redirects; see Storage.get."""
        url = uri
        try:
            with httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False, transport=self._transport) as client:
                for _ in range(_REDIRECTS + 1):
                    with client.stream("GET", **pinned(url, self._resolve)) as response:
                        if response.is_redirect:
                            url = urljoin(url, response.headers.get("location", ""))
                            continue
                        return Stored(uri=uri, bytes=_save(uri, response, target, max_bytes))
        except httpx.HTTPError as error:
            raise StorageUnavailable(f"{uri}: {error or type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise BadInput(f"{uri}: {error}") from error
        raise BadInput(f"{uri}: more than {_REDIRECTS} redirects")

    def put(self, source: Path, uri: str, **_options: object) -> NoReturn:
        """Refused: https:// is only read."""
        raise StorageDenied(f"{source.name} cannot be put at {uri}: https:// is only read")

    def stat(self, uri: str) -> NoReturn:
        """Refused: https:// is only read."""
        raise StorageDenied(f"{uri} cannot be an output: https:// is only read")

    def check_writable(self, uri: str) -> NoReturn:
        """Refused: https:// is only read."""
        raise StorageDenied(f"{uri} cannot be an output: https:// is only read")


def _save(uri: str, response: httpx.Response, target: Path, max_bytes: int) -> int:
    status = response.status_code
    if status in _ABSENT:
        raise ObjectNotFound(f"{uri}: nothing there ({status})")
    if status >= _SERVER_ERROR or status in _BUSY:
        raise StorageUnavailable(f"{uri}: the server answered {status}")
    if not response.is_success:
        raise StorageDenied(f"{uri}: the server answered {status}")
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise BadInput(f"{uri} has {announced} bytes; at most {max_bytes} are allowed")
    received = 0
    with whole(target) as copy, copy.open("wb") as sink:
        for chunk in response.iter_raw(1024 * 1024):
            received += len(chunk)
            if received > max_bytes:
                raise BadInput(f"{uri} has more than the {max_bytes} bytes that are allowed")
            sink.write(chunk)
        if announced.isdigit() and received != int(announced):
            raise StorageUnavailable(f"{uri}: {received} of {announced} bytes arrived")
    return received
