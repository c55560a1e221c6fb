"""Who may connect: the origin check of an upgrade (docs/spec §W9), and who it is.

Browsers send cookies with a WebSocket handshake from any page; the `Origin` header is what tells
our pages from a stranger's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from soli_lang.base.records import Record

_DEFAULT_PORTS = {"http": 80, "https": 443}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Peer(Record, frozen=True):
    """A client as it really is, behind whatever proxies are trusted."""

    ip: str
    scheme: str
    host: str
    """The `Host` that the client asked for."""


def origin_fault(headers: Mapping[str, str], peer: Peer, allowed: Sequence[str]) -> str | None:
    """Why an upgrade must be refused for its origin, or None. Header names in lower case."""
    if "*" in allowed:
        return None
    origin = headers.get("origin")
    if origin is None:
        if "cookie" in headers or "authorization" in headers:
            return "credentials without an Origin header"
        return None
    if is_listed(origin, allowed) or (not allowed and is_from_here(origin, peer)):
        return None
    return "origin not allowed"


def is_listed(origin: str, allowed: Sequence[str]) -> bool:
    """Whether *origin* is one of the origins, hosts and `*.hosts` of a list."""
    return any(_matches(origin, entry) for entry in allowed)


def is_from_here(origin: str, peer: Peer) -> bool:
    """Whether *origin* is that of this server as the client sees it: scheme, host and port."""
    return _is_of(origin, peer.scheme, peer.host)


@lru_cache(maxsize=64)
def _is_of(origin: str, scheme: str, asked_host: str) -> bool:
    try:
        parts = urlsplit(origin)
        host = urlsplit(f"//{asked_host}")
        ports = (parts.port, host.port)
    except ValueError:
        return False
    if parts.hostname is None or parts.hostname != host.hostname:
        return False
    if parts.scheme == scheme:
        default = _DEFAULT_PORTS.get(scheme)
        return (ports[0] or default) == (ports[1] or default)
    # Behind a TLS proxy that does not say so, the origin is https and we see http. Not the other
    # way round: a page that came in the clear is not the page that we sent under TLS.
    return (parts.scheme, scheme) == ("https", "http") and ports == (None, None)


def _matches(origin: str, entry: str) -> bool:
    """Whether *origin* is what *entry* names: an origin, or a host (`*.example.com` too)."""
    origin, entry = origin.lower().rstrip("/"), entry.lower().rstrip("/")
    if "://" in entry and "*" not in entry:
        return origin == entry
    try:
        host = urlsplit(origin).netloc
        scheme = urlsplit(origin).scheme
    except ValueError:
        return False
    wanted_scheme, separator, pattern = entry.rpartition("://")
    if separator and wanted_scheme != scheme:
        return False
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


class TrustedProxies:
    """Addresses whose forwarded headers count. Raises ValueError for what is no address."""

    def __init__(
        self, entries: Sequence[str], ignored: Callable[[str], None] | None = None
    ) -> None:
        """*ignored* is called with an address whose X-Forwarded-For does not count."""
        self._ignored = ignored
        self._networks: list[Network] = [
            ipaddress.ip_network(entry, strict=False) for entry in entries
        ]

    @property
    def trusts_nobody(self) -> bool:
        """Whether no forwarded header of anybody counts."""
        return not self._networks

    def peer(self, ip: str, scheme: str, headers: Mapping[str, str]) -> Peer:
        """Who is behind a connection from *ip*. Header names in lower case."""
        host = headers.get("host", "")
        if not self._networks or not self.trusts(ip):
            if self._ignored is not None and "x-forwarded-for" in headers:
                self._ignored(ip)
            return Peer(ip, scheme, host)
        scheme = _last(headers.get("x-forwarded-proto")) or scheme
        host = _last(headers.get("x-forwarded-host")) or host
        for hop in reversed(_listed(headers.get("x-forwarded-for"))):
            if not _is_address(hop):
                break
            ip = hop
            if not self.trusts(hop):
                break
        return Peer(ip, scheme, host)

    def trusts(self, ip: str) -> bool:
        """Whether the forwarded headers of *ip* count."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _listed(header: str | None) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()] if header else []


def _last(header: str | None) -> str | None:
    listed = _listed(header)
    return listed[-1] if listed else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
