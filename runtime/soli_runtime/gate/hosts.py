"""Which hosts this server answers for: the `allowed-hosts` rule against DNS rebinding.

A page of a stranger can make its own name resolve to our address. The browser then takes us for
the stranger's server, and lets the page read what we answer; only the `Host` header tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit


def is_allowed_host(host: str, allowed: Sequence[str]) -> bool:
    """Whether a `Host` header (RFC 9110, section 7.2) names one of *allowed*; none: any may be.

    An entry is a host (`example.com`: any port), a host with a port, or `*.example.com`.
    """
    if not allowed:
        return True
    name, port = _parts(host)
    if name is None:
        return False
    return any(_matches(name, port, entry) for entry in allowed)


def _matches(name: str, port: int | None, entry: str) -> bool:
    wanted, wanted_port = _parts(entry)
    if wanted is None or (wanted_port is not None and wanted_port != port):
        return False
    return name.endswith(wanted[1:]) if wanted.startswith("*.") else name == wanted


def _parts(host: str) -> tuple[str | None, int | None]:
    """Name and port, the name in lower case and without its final dot; None for nonsense."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None, None
    if not name or parts.netloc != host or "@" in host:
        return None, None
    return name.removesuffix("."), port
