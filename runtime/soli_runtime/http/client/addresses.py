"""Which addresses a program may reach over HTTP (spec/stdlib.md §22.1).

Requests that a server makes on behalf of strangers must not reach what only the server can:
itself, its neighbours, its cloud's metadata service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_NAT64 = "64:ff9b::/96"


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet; False for what is no address."""
    import ipaddress  # here: most programs make no request

    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in _meant(address))


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and the IPv4 addresses that are wrapped in it."""
    import ipaddress

    meant: list[IPv4Address | IPv6Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address.sixtofour is not None:
            meant.append(address.sixtofour)
        if address.teredo is not None:
            meant.extend(address.teredo)
        if address in ipaddress.ip_network(_NAT64):
            meant.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return meant
