"""Recognises requests that another site has made a browser send, by their headers."""

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Relations of a request's origin to its target: ours, or none, as of an address that the user has typed.
_OWN_SITES = frozenset({"same-origin", "none"})


def is_loopback(host: str) -> bool:
    """Return True if only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_in(header: str) -> str:
    """Return the host of a Host header, without its port; "" for a malformed one."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def is_from_here(headers: Mapping[str, str], hosts: Iterable[str]) -> bool:
    """Return True if a request comes from a page of the host that it is sent to, or from no page at all.

    Browsers say so by Sec-Fetch-Site where the connection is safe; by Origin, and by Referer, on others too. A request without
    any of them comes from no browser.

    Args:
        headers: of the request, by names in lower case.
        hosts: host and port that it was sent to, in the forms that the browser may know.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    origin = headers.get("origin") or headers.get("referer")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc in {host for host in hosts if host}
    except ValueError:
        return False


def is_link_from_elsewhere(headers: Mapping[str, str], hosts: Iterable[str]) -> bool:
    """Return True for a page that is opened by a link of another site: the browser then leaves out the session's cookie."""
    return "text/html" in headers.get("accept", "") and not is_from_here(headers, hosts)


def safe_path(text: str | None) -> str:
    """Return the path and query of our own to go on to; "/" for anything that a browser could take for another site's address."""
    if not text or len(text) > 2000 or not text.startswith("/") or text.startswith("//"):
        return "/"
    return text if all("!" <= character <= "~" and character != "\\" for character in text) else "/"
