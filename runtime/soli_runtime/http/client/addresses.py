"""Which addresses a program may reach over HTTP (docs/spec §L22.1).

Requests that a server makes on behalf of strangers must not reach what only the server can:
itself, its neighbours, its cloud's metadata service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_NAT64 = "64:ff9b::/96"
_GLOBAL_UNICAST = "2000::/3"
"""All of IPv6 that is given out for the open internet (RFC 4291, section 2.4)."""
_SPECIAL = ("192.0.0.0/24", "192.88.99.0/24")
"""Protocol assignments and 6to4 relays (RFC 6890), which Python's `is_global` lets pass in part."""


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet; False for what is no address."""
    import ipaddress  # here: most programs make no request

    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return False
    return all(_is_open(one) for one in _meant(address))


def _is_open(address: IPv4Address | IPv6Address) -> bool:
    import ipaddress

    if not address.is_global or address.is_multicast:
        return False
    return not any(address in ipaddress.ip_network(network) for network in _SPECIAL)


def literal_address(host: str) -> str | None:
    """The IP address that a host of a URL is, in any spelling; None when it is a name.

    `127.1`, `0x7f000001` and `017700000001` are addresses to the C library, so they are to us.
    """
    import ipaddress
    import socket

    host = host.strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(host.split("%", 1)[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError):
        return None


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The addresses that a connection to *address* may end at: those that are wrapped in it."""
    import ipaddress

    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in ipaddress.ip_network(_NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address not in ipaddress.ip_network(_GLOBAL_UNICAST):
        # What is not given out, `::127.0.0.1` and `fec0::1` among it, is as good as loopback.
        return [ipaddress.IPv6Address("::1")]
    meant: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        meant.append(address.sixtofour)
    if address.teredo is not None:
        meant.extend(address.teredo)
    return meant
