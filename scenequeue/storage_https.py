"""https:// addresses, read only, and never of a private network."""

import errno
import ipaddress
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx

from scenequeue.errors import BadInput, DiskFull, ObjectNotFound, StorageDenied, StorageUnavailable
from scenequeue.storage import Stored
from scenequeue.storage_files import whole

_REDIRECTS = 5
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
#: A server that sends a byte now and then must not hold a worker for ever.
_LONGEST_S = 900.0
#: IPv6 prefixes whose last 32 bits are an IPv4 address: IPv4-compatible, and NAT64 (RFC 6052).
_CARRIERS = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
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
    except UnicodeError:
        raise StorageDenied(f"{host!r} is not a host's name") from None
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        if not is_public(text):
            raise StorageDenied(f"{host} has the address {text}, which is not a public one")
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet, whatever IPv6 clothes an IPv4 address wears."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if any(address in carrier for carrier in _CARRIERS):
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo or address.is_site_local:
            return False
        if carried is not None:
            return is_public(str(carried))
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def pinned(url: str, resolve: Callable[[str, int], str] = public_address) -> dict[str, Any]:
    """Arguments for httpx that send a request to the one address that was judged, under the name that was asked for.

    Raises:
        StorageDenied: not a plain https:// address, or not a public one.
        StorageUnavailable: the name does not resolve.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or 443
        host = name if name.isascii() else name.encode("idna").decode("ascii")
    except ValueError:
        raise StorageDenied(f"{url!r} is not an address") from None
    if parts.scheme != "https" or not host or "@" in parts.netloc:
        raise StorageDenied(f"{url!r} is not a plain https:// address")
    address = resolve(host, port)
    target = parts._replace(netloc=f"{_bracketed(address)}:{port}", fragment="")
    headers = {
        "Host": _bracketed(host) if port == 443 else f"{_bracketed(host)}:{port}",
        "Accept-Encoding": "identity",
        "User-Agent": "sceneburst",
    }
    return {"url": target.geturl(), "headers": headers, "extensions": {"sni_hostname": host}}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


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
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"{uri}: no space left on the device") from error
            raise StorageUnavailable(f"{uri}: {error}") from error
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
    deadline = time.monotonic() + _LONGEST_S
    with whole(target) as copy, copy.open("wb") as sink:
        for chunk in response.iter_raw(1024 * 1024):
            received += len(chunk)
            if received > max_bytes:
                raise BadInput(f"{uri} has more than the {max_bytes} bytes that are allowed")
            if time.monotonic() > deadline:
                raise StorageUnavailable(f"{uri}: only {received} bytes arrived within {_LONGEST_S:.0f} s")
            sink.write(chunk)
        if announced.isdigit() and received != int(announced):
            raise StorageUnavailable(f"{uri}: {received} of {announced} bytes arrived")
    return received
