"""Requests that another site made a browser send: who they really come from.

A browser sends our cookies along whoever wrote the form. What tells are two headers that pages
cannot write: `Sec-Fetch-Site` (W3C Fetch Metadata) and `Origin` (RFC 6454, section 7). Clients
that are no browsers send neither, and nobody can make them act against their user's will.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .origins import Peer, is_from_here, is_listed

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

_FROM_HERE = frozenset({"same-origin", "none"})
"""`none`: the user did it, by a bookmark or the address bar."""


def is_forged(
    method: str, headers: Mapping[str, str], peer: Peer, allowed_origins: Sequence[str]
) -> bool:
    """Whether a request must be refused because another site sent it with our user's rights.

    Header names in lower case. That is a request that may change something, bears what a browser
    adds by itself (a cookie, a password that it knows), and comes from another origin.
    """
    if method in SAFE_METHODS or not _has_credentials(headers):
        return False
    origin = headers.get("origin")
    if origin is not None and is_listed(origin, allowed_origins):
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _FROM_HERE
    return origin is not None and not is_from_here(origin, peer)


def _has_credentials(headers: Mapping[str, str]) -> bool:
    if "cookie" in headers:
        return True
    # Scripts have to set a bearer token themselves, and may not for other sites.
    return headers.get("authorization", "").lower().startswith(("basic", "digest", "negotiate"))
