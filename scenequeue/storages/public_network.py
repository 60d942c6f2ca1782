"""Tells public network addresses from private ones, in the text of a URL and after its host is resolved."""

import contextlib
import ipaddress
import socket
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from scenequeue.errors import StorageDenied, StorageUnavailable
from scenequeue.quoted import shorten
from scenequeue.reasons import Code

#: Returns the address to connect to for a host and a port.
Resolve: TypeAlias = Callable[[str, int], str]

#: IPv6 networks whose addresses end with an IPv4 address: IPv4-compatible, and NAT64 (RFC 6052).
_IPV4_EMBEDDING = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))

#: Not public, though some releases of Python say so: IETF protocol assignments (RFC 6890) with Oracle Cloud's metadata
#: server, 6to4 relays (RFC 7526), documentation (RFC 9637), and Azure's host, whose address looks public.
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "168.63.129.16/32")))


def public_address(host: str, port: int) -> str:
    """Resolve the host and return one of its addresses; all of them must be public.

    Raises:
        StorageDenied: one of them is private, loopback, link-local, multicast or reserved.
        StorageUnavailable: the name does not resolve.
    """
    uri = f"https://{_bracketed(host)}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StorageUnavailable(Code.HOST_UNKNOWN, uri=uri, host=host, problem=error.strerror or str(error)) from None
    except UnicodeError:
        raise StorageDenied(Code.HOST_MALFORMED, uri=uri, host=host) from None
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        if not is_public(text):
            raise StorageDenied(Code.HOST_PRIVATE, uri=uri, host=host, address=text)
    return addresses[0]


def is_public(text: str) -> bool:
    """Return True for a public IP address; an IPv6 address that embeds an IPv4 address is as public as that."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if any(address in network for network in _IPV4_EMBEDDING):
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo or address.is_site_local:
            return False
        if embedded is not None:
            return is_public(str(embedded))
    if any(address.version == network.version and address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def host_and_port(url: str) -> tuple[str, int]:
    """Return the host and port of an https:// address without user and password.

    Raises:
        StorageDenied: it is not such an address. The message omits user and password.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or 443
        host = name if name.isascii() else name.encode("idna").decode("ascii")
    except ValueError:
        raise StorageDenied(Code.URL_MALFORMED) from None
    if parts.scheme != "https" or not host:
        # All of it only where it can contain no user and password.
        named = f"{parts.scheme}://{host}" if parts.netloc else url
        raise StorageDenied(Code.NOT_HTTPS, uri=shorten(named.rpartition("@")[2]))
    if "@" in parts.netloc:
        raise StorageDenied(Code.URL_WITH_USER, uri=f"https://{host}")
    return host, port


def check_public_url(url: str) -> None:
    """Refuse an address that is certainly not public, without resolving its host.

    Raises:
        StorageDenied: not a plain https:// address, or its host is localhost or an IP address that is not public.
    """
    host, _ = host_and_port(url)
    name = host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        raise StorageDenied(Code.NOT_PUBLIC, uri=f"https://{host}")
    address = _address_written_as(name)
    if address is not None and not is_public(address):
        raise StorageDenied(Code.NOT_PUBLIC, uri=f"https://{_bracketed(host)}")


def _address_written_as(host: str) -> str | None:
    """Return the IP address that a host is read as without name resolution; None if it is a name.

    Resolvers read 127.1, 0x7f.1 and 2130706433 as 127.0.0.1, as inet_aton does.
    """
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host.partition("%")[0])
        return host
    with contextlib.suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None


def pinned_request(url: str, resolve: Resolve = public_address) -> dict[str, Any]:
    """Return httpx's arguments for a request that connects to the resolved address, with the URL's host in TLS and headers.

    Raises:
        StorageDenied: not a plain https:// address, or not a public one.
        StorageUnavailable: the host does not resolve.
    """
    host, port = host_and_port(url)
    address = resolve(host, port)
    target = urlsplit(url)._replace(netloc=f"{_bracketed(address)}:{port}", fragment="")
    headers = {
        "Host": _bracketed(host) if port == 443 else f"{_bracketed(host)}:{port}",
        "Accept-Encoding": "identity",
        "User-Agent": "sceneburst",
    }
    return {"url": target.geturl(), "headers": headers, "extensions": {"sni_hostname": host}}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
