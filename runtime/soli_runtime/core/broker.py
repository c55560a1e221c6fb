"""The place where several processes meet.

The hub decides for the connections of this process and announces every change to a `Broker`; it
never assumes that all connections are here. The broker gives the changes of all processes one
order. When the turn of a change has come it takes effect (`arrivals`), in every process, the one
that it came from included: nothing overtakes. An operation returns what is to be done *in this
process, now*: everything, where the turn comes at once; nothing, where it has yet to come, and then
the broker hands the effects to the sockets itself.

What concerns one connection alone (a reply, its closing) comes in program order too: while changes
of that connection are under way (`Seat.under_way`), `send` and `close` wait behind them.

`tests/support/broker_conformance.py` is the suite that any implementation must pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from .answers import Answer
from .arrivals import Arrivals
from .effects import ConnectionId, Effect, Payload, RoomName, Send, SendOptions
from .history.rings import Past
from .roster import Entry


class Broker(Protocol):
    """Carries changes to all processes, and knows what is there everywhere.

    Connections that an operation names are those of this process, except in `send` and `close`.
    *actor* is the connection whose handler asks for it, None if none does: its later replies come
    after.
    """

    # Connections

    def connected(self, connection_id: ConnectionId) -> None:
        """A connection of this process was accepted; it has a seat."""
        ...

    def disconnected(self, connection_id: ConnectionId) -> None:
        """A connection of this process is gone, its rooms and trackings before it."""
        ...

    def barrier(self, connection_id: ConnectionId) -> Awaitable[None] | None:
        """Done when the turn of all has come that a connection changed; None if it has."""
        ...

    # Rooms

    def join(
        self,
        connection_id: ConnectionId,
        room: RoomName,
        now: float,
        *,
        is_tracked: bool = False,
        recalls: int = 0,
    ) -> list[Effect]:
        """A connection joins a room. With *is_tracked* its `track` there comes (docs/spec §W5.9).

        *recalls*: how many messages of the past it wants.
        """
        ...

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """A connection leaves a room. What it published before still reaches it."""
        ...

    # Messages

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """A finished message to every member of *room*, as far as *options* do not say less."""
        ...

    def publish_all(
        self,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """A finished message to every connection, in the same way."""
        ...

    def send(
        self,
        connection_id: ConnectionId,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """A finished message to one connection; unknown or gone: nothing."""
        ...

    def close(
        self, connection_id: ConnectionId, code: int, reason: str, actor: ConnectionId | None = None
    ) -> list[Effect]:
        """Close one connection; unknown or gone: nothing."""
        ...

    # Presence

    def track(self, room: RoomName, entry: Entry, now: float) -> list[Effect]:
        """A connection is tracked: newly, as somebody else, or again as who it is."""
        ...

    def revise(
        self, room: RoomName, connection_id: ConnectionId, body: str, now: float
    ) -> list[Effect]:
        """State or metadata of a tracking changed."""
        ...

    def untrack(self, room: RoomName, connection_id: ConnectionId, now: float) -> list[Effect]:
        """A connection is tracked no more."""
        ...

    def linger(self, connection_id: ConnectionId, rooms: Sequence[RoomName]) -> None:
        """A connection is gone that is tracked in *rooms*: its presence stays until `untrack`.

        Or until its user is tracked by another connection.
        """
        ...

    # Questions, about all processes

    def connections(self) -> Answer[list[ConnectionId]]:
        """All connections, oldest first."""
        ...

    def connection_count(self) -> Answer[int]:
        """How many connections there are."""
        ...

    def members(self, room: RoomName) -> Answer[list[ConnectionId]]:
        """All members of a room, in the order of joining."""
        ...

    def member_count(self, room: RoomName) -> Answer[int]:
        """How many these are."""
        ...

    def users(self, room: RoomName) -> Answer[list[dict[str, Any]]]:
        """`{"user_id", "metas"}` per user that is tracked in *room*, in order of first track."""
        ...

    def user(self, room: RoomName, key: str) -> Answer[dict[str, Any] | None]:
        """One of these, or None."""
        ...

    def user_count(self, room: RoomName) -> Answer[int]:
        """How many these are."""
        ...

    def past(self, room: RoomName, count: int) -> Answer[list[Past]]:
        """The last messages of *room* that are kept, oldest first; at most *count*."""
        ...


class LocalBroker:
    """A broker for a single process: everybody is here, and every turn comes at once."""

    __slots__ = ("_arrivals", "_history", "_presence", "_rooms", "_seats")

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._rooms = arrivals.rooms
        self._seats = arrivals.seats
        self._presence = arrivals.presence
        self._history = arrivals.history

    def connected(self, connection_id: ConnectionId) -> None:
        pass

    def disconnected(self, connection_id: ConnectionId) -> None:
        pass

    def barrier(self, connection_id: ConnectionId) -> None:
        return None

    def join(
        self,
        connection_id: ConnectionId,
        room: RoomName,
        now: float,
        *,
        is_tracked: bool = False,
        recalls: int = 0,
    ) -> list[Effect]:
        return self._arrivals.joined(connection_id, room, is_tracked, now, recalls)

    def leave(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        return self._arrivals.left(connection_id, room, now)

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        found = self._rooms.get(room)
        if found is None or found.keeps or options is not None:
            self._history.place += 1
            return self._arrivals.message(room, payload, options)
        return [Send(found.recipients, payload)]  # written out: the hottest of all

    def publish_all(
        self,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        return self._arrivals.message_to_all(payload, options)

    def send(
        self,
        connection_id: ConnectionId,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        return self._arrivals.message_to_one(connection_id, payload, options)

    def close(
        self, connection_id: ConnectionId, code: int, reason: str, actor: ConnectionId | None = None
    ) -> list[Effect]:
        return self._arrivals.closed(connection_id, code, reason)

    def track(self, room: RoomName, entry: Entry, now: float) -> list[Effect]:
        return self._presence.track(room, entry, now)

    def revise(
        self, room: RoomName, connection_id: ConnectionId, body: str, now: float
    ) -> list[Effect]:
        return self._presence.revise(room, connection_id, body, now)

    def untrack(self, room: RoomName, connection_id: ConnectionId, now: float) -> list[Effect]:
        return self._presence.untrack(room, connection_id, now)

    def linger(self, connection_id: ConnectionId, rooms: Sequence[RoomName]) -> None:
        for room in rooms:
            self._presence.linger(room, connection_id)

    def connections(self) -> list[ConnectionId]:
        return list(self._seats)

    def connection_count(self) -> int:
        return len(self._seats)

    def members(self, room: RoomName) -> list[ConnectionId]:
        return list(self._rooms.members(room))

    def member_count(self, room: RoomName) -> int:
        found = self._rooms.get(room)
        return 0 if found is None else len(found.members)

    def users(self, room: RoomName) -> list[dict[str, Any]]:
        return self._presence.roster.users(room)

    def user(self, room: RoomName, key: str) -> dict[str, Any] | None:
        return self._presence.roster.user(room, key)

    def user_count(self, room: RoomName) -> int:
        return self._presence.roster.user_count(room)

    def past(self, room: RoomName, count: int) -> list[Past]:
        return self._history.past(room, count)
