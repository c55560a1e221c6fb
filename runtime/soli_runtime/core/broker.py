"""The place where several processes will meet.

The hub reaches other connections only through a `Broker`: it must not assume that all of them
are in this process. Every operation returns what is to be done *in this process, now*. A broker
over a network returns what concerns local connections, tells the other processes, and hands
what comes from them to the adapter as effects of the same kind.

`tests/support/broker_conformance.py` is the suite that any implementation must pass.
"""

from __future__ import annotations

from typing import Any, Protocol

from .effects import EVERYONE, Close, ConnectionId, Effect, One, Payload, RoomName, Send
from .presence import Presence
from .rooms import Rooms


class PresenceOperations(Protocol):
    """Presence with its answers; see `presence.Presence` for what each one does."""

    def joined(self, connection_id: ConnectionId, channel: RoomName) -> list[Effect]: ...

    def left(self, connection_id: ConnectionId, channel: RoomName) -> list[Effect]: ...

    def forget(self, connection_id: ConnectionId, now: float) -> list[Effect]: ...

    def track(
        self,
        connection_id: ConnectionId,
        channel: RoomName,
        key: str,
        state: str | None,
        fields: dict[str, Any],
        now: float,
    ) -> list[Effect]: ...

    def update(
        self,
        connection_id: ConnectionId,
        channel: RoomName,
        state: str | None,
        fields: dict[str, Any],
        now: float,
    ) -> list[Effect]: ...

    def untrack(
        self, connection_id: ConnectionId, channel: RoomName, now: float
    ) -> list[Effect]: ...

    @property
    def due(self) -> float | None: ...

    def flush(self, now: float) -> list[Effect]: ...

    def users(self, channel: RoomName) -> list[dict[str, Any]]: ...

    def user(self, channel: RoomName, key: str) -> dict[str, Any] | None: ...

    def user_count(self, channel: RoomName) -> int: ...

    def fields_of(
        self, connection_id: ConnectionId, channel: RoomName
    ) -> tuple[str, dict[str, Any]] | None:
        """State and metadata of a *local* connection's tracking."""
        ...


class Broker(Protocol):
    """Carries messages to connections wherever they are, and knows how many there are."""

    @property
    def presence(self) -> PresenceOperations: ...

    def connected(self, connection_id: ConnectionId) -> None:
        """A connection of this process was accepted."""
        ...

    def disconnected(self, connection_id: ConnectionId) -> None:
        """A connection of this process is gone; unknown ids are ignored."""
        ...

    def publish(self, room: RoomName, payload: Payload) -> Effect | None:
        """A finished message to every member of *room*; None if this process has none."""
        ...

    def publish_all(self, payload: Payload) -> Effect:
        """A finished message to every connection."""
        ...

    def send(self, connection_id: ConnectionId, payload: Payload) -> Effect | None:
        """A finished message to one connection; None if it is not in this process."""
        ...

    def close(self, connection_id: ConnectionId, code: int, reason: str) -> Effect | None:
        """Close one connection; None if it is not in this process."""
        ...

    def connections(self) -> list[ConnectionId]:
        """All connections, everywhere."""
        ...

    def connection_count(self) -> int: ...

    def members(self, room: RoomName) -> list[ConnectionId]:
        """All members of a room, everywhere."""
        ...


class LocalBroker:
    """A broker for a single process: everybody is here."""

    __slots__ = ("_connections", "_presence", "_rooms")

    def __init__(self, rooms: Rooms, presence: Presence) -> None:
        self._rooms = rooms
        self._presence = presence
        self._connections: dict[ConnectionId, None] = {}

    @property
    def presence(self) -> Presence:
        return self._presence

    def connected(self, connection_id: ConnectionId) -> None:
        self._connections[connection_id] = None

    def disconnected(self, connection_id: ConnectionId) -> None:
        self._connections.pop(connection_id, None)

    def publish(self, room: RoomName, payload: Payload) -> Effect | None:
        audience = self._rooms.audience(room)
        return Send(audience, payload) if audience is not None else None

    def publish_all(self, payload: Payload) -> Effect:
        return Send(EVERYONE, payload)

    def send(self, connection_id: ConnectionId, payload: Payload) -> Effect | None:
        if connection_id not in self._connections:
            return None
        return Send(One(connection_id), payload)

    def close(self, connection_id: ConnectionId, code: int, reason: str) -> Effect | None:
        if connection_id not in self._connections:
            return None
        return Close(connection_id, code, reason)

    def connections(self) -> list[ConnectionId]:
        return list(self._connections)

    def connection_count(self) -> int:
        return len(self._connections)

    def members(self, room: RoomName) -> list[ConnectionId]:
        return list(self._rooms.members(room))
