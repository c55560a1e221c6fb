"""Who may see `/metrics`, and the bodies of `/healthz` and `/readyz`. Pure."""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

METRICS_PATH = "/metrics"
HEALTH_PATH = "/healthz"
READY_PATH = "/readyz"

OK = "ok"
DOWN = "down"

FORWARDING_HEADERS = frozenset(
    {
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""Signs that a proxy passed a request on: then its address says nothing about who asks."""


def may_watch(token: str, remote: str, headers: Mapping[str, str]) -> bool:
    """Whether a request may see the metrics.

    *token*: the one to ask for; empty: none, and then only this machine may. *remote*: the address
    at the other end of the socket, whatever proxies say. *headers*: names in lower case.
    """
    if token:
        return bears_token(token, headers.get("authorization", ""))
    if FORWARDING_HEADERS.intersection(headers):
        return False
    # The name too: a page in a browser of this machine can have its own name lead here.
    return is_loopback(remote) and _names_this_machine(headers.get("host", ""))


def bears_token(token: str, authorization: str) -> bool:
    """Whether an Authorization header holds *token*."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(_octets(given.strip()), _octets(token))


def _octets(text: str) -> bytes:
    # Headers may hold any octets, which arrive as surrogates.
    return text.encode("utf-8", "surrogateescape")


def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Whether *address* is this machine itself. False for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def health(stopping: bool, parts: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of `/healthz`: whether the process lives.

    *parts*: the status of each dependency, `broker` and `store`. They do not change the status of
    the response: ending a process because Redis is down would only lose its connections.
    """
    if stopping:
        return 503, _json({"status": "stopping"})
    return 200, _json({"status": "ok", **(parts or {})})


def readiness(stopping: bool, broker_is_lost: bool) -> tuple[int, bytes]:
    """Status and body of `/readyz`: whether new connections may be sent here."""
    if stopping:
        return 503, _json({"status": "stopping"})
    if broker_is_lost:
        return 503, _json({"status": "unready", "broker": DOWN})
    return 200, _json({"status": "ready"})


def _json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
