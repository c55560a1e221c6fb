"""Connections that are no WebSockets: how many there may be, and who has to go when there are more.

They are counted apart from WebSockets, so that neither can shut the other out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)


class PlainConnections(Generic[C]):
    """Who is connected, from where, and who waits for nothing.

    *most* and *most_per_ip* are inclusive, 0 turns them off; *is_proxy* says whose address stands
    for many. A connection is idle between two requests.
    """

    def __init__(
        self, most: int, most_per_ip: int, is_proxy: Callable[[str], bool] = lambda ip: False
    ) -> None:
        self._most = most
        self._most_per_ip = most_per_ip
        self._is_proxy = is_proxy
        self._ips: dict[C, str] = {}
        self._idle: dict[str, dict[C, None]] = {}
        """By address; the one that is idle for longest first."""
        self._resting: dict[C, None] = {}
        self._counts: dict[str, int] = {}

    def __contains__(self, connection: object) -> bool:
        return connection in self._ips

    def __len__(self) -> int:
        return len(self._ips)

    def add(self, connection: C, ip: str) -> tuple[C, str] | None:
        """A connection made its first request.

        Returns who has to go for it, maybe itself, and which limit says so.
        """
        self._ips[connection] = ip
        self._counts[ip] = self._counts.get(ip, 0) + 1
        self.idle(connection)
        if self._most_per_ip and self._counts[ip] > self._most_per_ip and not self._is_proxy(ip):
            return next(iter(self._idle[ip])), "max_http_connections_per_ip"
        if self._most and len(self._ips) > self._most:
            return next(iter(self._resting)), "max_http_connections"
        return None

    def resting(self) -> list[C]:
        """The connections that are idle, the one that is so for longest first."""
        return list(self._resting)

    def idle(self, connection: C) -> None:
        """A connection waits for its next request."""
        ip = self._ips.get(connection)
        if ip is not None:
            self._idle.setdefault(ip, {})[connection] = None
            self._resting[connection] = None

    def used(self, connection: C) -> None:
        """A connection that is idle made a request, which was answered at once."""
        idle = self._idle[self._ips[connection]]
        for line in (idle, self._resting):
            del line[connection]
            line[connection] = None

    def busy(self, connection: C) -> None:
        """A request of a connection is being answered."""
        ip = self._ips.get(connection)
        if ip is None or connection not in self._resting:
            return
        del self._resting[connection]
        del self._idle[ip][connection]
        if not self._idle[ip]:
            del self._idle[ip]

    def remove(self, connection: C) -> None:
        """A connection is gone, or became a WebSocket."""
        self.busy(connection)
        ip = self._ips.pop(connection, None)
        if ip is not None:
            self._counts[ip] -= 1
            if not self._counts[ip]:
                del self._counts[ip]
