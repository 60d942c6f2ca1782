"""Proxies in front of the page: what their headers say is believed only of their addresses."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from starlette.datastructures import Headers

from sceneburst.access.roles import Caller, Role
from scenequeue.quoted import one_line

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAX_NAME_CHARACTERS = 200


class Proxies(NamedTuple):
    """The proxies that are believed."""

    networks: tuple[Network, ...] = ()
    #: Header with the name of the user whom the proxy has authenticated; "" for none.
    user_header: str = ""
    #: Role of such users.
    user_role: Role = Role.LOOK

    @classmethod
    def of(cls, networks: Sequence[str], user_header: str, user_role: str) -> "Proxies":
        """Return the proxies of the settings, whose values were checked."""
        parsed = (ipaddress.ip_network(each, strict=False) for each in networks)
        return cls(tuple(parsed), user_header, Role.of(user_role))

    def include(self, address: str) -> bool:
        """Return True for the address of a proxy."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self.networks)

    def user_of(self, address: str, headers: Headers) -> Caller | None:
        """Return the user whom a proxy names; None without one, and where the header comes from elsewhere, or more than once."""
        if not self.user_header or not self.include(address):
            return None
        names = headers.getlist(self.user_header)
        name = one_line(names[0]).strip()[:_MAX_NAME_CHARACTERS] if len(names) == 1 else ""
        return Caller(name, self.user_role) if name else None

    def is_https(self, address: str, scheme: str, headers: Mapping[str, str]) -> bool:
        """Return True if the browser's connection is encrypted."""
        return scheme == "https" or (self.include(address) and headers.get("x-forwarded-proto", "") == "https")

    def hosts_of(self, address: str, headers: Mapping[str, str]) -> tuple[str, ...]:
        """Return the host and port that the browser has sent a request to: as the page got it, and as the proxy did."""
        forwarded = headers.get("x-forwarded-host", "") if self.include(address) else ""
        return (headers.get("host", ""), forwarded)

    def browser_of(self, address: str, headers: Mapping[str, str]) -> str:
        """Return the browser's address: the last one in X-Forwarded-For that is no proxy's."""
        if not self.include(address):
            return address
        known = [each.strip() for each in headers.get("x-forwarded-for", "").split(",")]
        return next((each for each in reversed(known) if each and not self.include(each)), address)
