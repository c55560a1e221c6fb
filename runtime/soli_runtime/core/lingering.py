"""Connections of this process whose line broke, and whose presence stays a while.

A client that comes back within `presence-grace-seconds` is not seen to leave and to come again: its
user is present all the time. When the time is over, the hub untracks what is left.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from .effects import ConnectionId, RoomName

MAX_LINGERING = 10_000
"""Connections that linger; past it the one that was lost first is over at once."""


class Lingering:
    """Where each of them is tracked, and until when that stays."""

    def __init__(self) -> None:
        self._rooms: dict[ConnectionId, tuple[RoomName, ...]] = {}
        self._ends: list[tuple[float, ConnectionId]] = []

    def __len__(self) -> int:
        return len(self._rooms)

    def add(self, connection_id: ConnectionId, rooms: tuple[RoomName, ...], until: float) -> None:
        """A connection lingers in *rooms* until then."""
        self._rooms[connection_id] = rooms
        heapq.heappush(self._ends, (until, connection_id))

    @property
    def due(self) -> float | None:
        """When the next one is over; None: there is none."""
        return self._ends[0][0] if self._ends else None

    def over(self, now: float) -> Iterator[tuple[ConnectionId, tuple[RoomName, ...]]]:
        """Those whose time is over, or for whom there is no more room, each once."""
        while self._ends and (self._ends[0][0] <= now or len(self._rooms) > MAX_LINGERING):
            _, connection_id = heapq.heappop(self._ends)
            yield connection_id, self._rooms.pop(connection_id)
