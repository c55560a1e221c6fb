"""What the log says of a refusal beside its reason, so that whoever runs the server can act."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

HOUR = 3600.0

MAX_SHOWN = 255
"""Characters of a header that are logged."""

BY_ADDRESS = frozenset({"max_connections_per_ip", "connect_rate_per_ip"})
"""Reasons of refusals that count connections by address."""


def explained(
    reason: str, headers: Mapping[str, str], address: str, allowed_origins: Sequence[str]
) -> dict[str, str]:
    """Fields for the log. *headers*: names in lower case; *address*: the one that was counted."""
    if reason == "origin":
        origin, host = (headers.get(name, "")[:MAX_SHOWN] for name in ("origin", "host"))
        accepted = ", ".join(allowed_origins) or f"http://{host} or https://{host}"
        return {"origin": origin, "host": host, "accepted": accepted}
    if reason in BY_ADDRESS and address not in headers.get("x-forwarded-for", address):
        return {"counted": "the proxy's address, not X-Forwarded-For: see --trusted-proxies"}
    return {}


class ForwardingHint:
    """Says once an hour that a peer sends X-Forwarded-For and is no trusted proxy."""

    def __init__(self, clock: Callable[[], float], warn: Callable[[str], None]) -> None:
        self._clock = clock
        self._warn = warn
        self._next = float("-inf")

    def __call__(self, address: str) -> None:
        """The header of *address* was ignored."""
        now = self._clock()
        if now >= self._next:
            self._next = now + HOUR
            self._warn(address)
