"""What happens in this process when the turn of a change has come.

A change was decided somewhere (here, by `hub`, or in another process) and has its place in the one
order that a broker makes. Here it takes effect: on the members of rooms, on the roster, on who is
told what. With a single process every turn comes at once; a broker with a log calls these methods
as it reads, in that order, one entry per synchronous step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from .effects import EVERYONE, Close, ConnectionId, Effect, One, Payload, RoomName, Send
from .presence import Presence
from .rooms import Rooms
from .roster import Entry
from .seats import Seats


class Joined(NamedTuple):
    """A connection is a member of a room from here on."""

    connection_id: ConnectionId
    room: RoomName
    is_tracked: bool
    """Whether the same step tracks it there: that gives the snapshot (rule 9)."""


class Left(NamedTuple):
    """A connection is a member of a room no more."""

    connection_id: ConnectionId
    room: RoomName


class Message(NamedTuple):
    """To the members of a room."""

    room: RoomName
    payload: Payload


class MessageToAll(NamedTuple):
    """To every connection."""

    payload: Payload


class MessageToOne(NamedTuple):
    """To one connection."""

    connection_id: ConnectionId
    payload: Payload


class Closed(NamedTuple):
    """A connection is to be closed."""

    connection_id: ConnectionId
    code: int
    reason: str


class Tracked(NamedTuple):
    """A connection is tracked, newly or again."""

    room: RoomName
    entry: Entry


class Revised(NamedTuple):
    """State or metadata of a tracking changed."""

    room: RoomName
    connection_id: ConnectionId
    body: str


class Untracked(NamedTuple):
    """A connection is tracked in a room no more."""

    room: RoomName
    connection_id: ConnectionId


class NodeDied(NamedTuple):
    """All that a node tracked in a room is gone."""

    room: RoomName
    node: str


Change: TypeAlias = (
    Joined
    | Left
    | Message
    | MessageToAll
    | MessageToOne
    | Closed
    | Tracked
    | Revised
    | Untracked
    | NodeDied
)


class Arrivals:
    """Changes whose turn has come, as effects on the connections of this process.

    What concerns a connection that is not here, or gone, does nothing to members and sends
    nothing; the roster is of all processes.
    """

    def __init__(self, seats: Seats, rooms: Rooms, presence: Presence) -> None:
        self.seats = seats
        self.rooms = rooms
        self.presence = presence
        self._take: dict[type, Callable[[Any, float], list[Effect]]] = {
            Joined: lambda it, now: self.joined(it.connection_id, it.room, it.is_tracked, now),
            Left: lambda it, now: self.left(it.connection_id, it.room, now),
            Message: lambda it, now: self.message(it.room, it.payload),
            MessageToAll: lambda it, now: self.message_to_all(it.payload),
            MessageToOne: lambda it, now: self.message_to_one(it.connection_id, it.payload),
            Closed: lambda it, now: self.closed(it.connection_id, it.code, it.reason),
            Tracked: lambda it, now: presence.track(it.room, it.entry, now),
            Revised: lambda it, now: presence.revise(it.room, it.connection_id, it.body, now),
            Untracked: lambda it, now: presence.untrack(it.room, it.connection_id, now),
            NodeDied: lambda it, now: presence.drop_node(it.room, it.node, now),
        }

    def apply(self, changes: Iterable[Change], now: float) -> list[Effect]:
        """The twin of `Hub.apply` for what comes in: one step, in the order of *changes*."""
        effects: list[Effect] = []
        for change in changes:
            effects += self._take[type(change)](change, now)
        return effects

    def joined(
        self, connection_id: ConnectionId, room: RoomName, is_tracked: bool, now: float
    ) -> list[Effect]:
        """A connection is a member from here on. With *is_tracked* a track follows (rule 9)."""
        if connection_id not in self.seats:
            return []
        entered = self.rooms.join(connection_id, room)
        if entered is None:
            return []
        if is_tracked:
            return [entered]
        return [entered, *self.presence.joined(connection_id, room, now)]

    def left(self, connection_id: ConnectionId, room: RoomName, now: float) -> list[Effect]:
        """A connection is a member no more."""
        left = self.rooms.leave(connection_id, room)
        return [] if left is None else [left, *self.presence.left(connection_id, room, now)]

    def message(self, room: RoomName, payload: Payload) -> list[Effect]:
        """A finished message to the members of a room."""
        found = self.rooms.get(room)
        return [] if found is None else [Send(found.recipients, payload)]

    def message_to_all(self, payload: Payload) -> list[Effect]:
        """A finished message to every connection."""
        return [Send(EVERYONE, payload)]

    def message_to_one(self, connection_id: ConnectionId, payload: Payload) -> list[Effect]:
        """A finished message to one connection, unless it is about to be forgotten."""
        seat = self.seats.get(connection_id)
        return [] if seat is None or seat.is_closing else [Send(One(connection_id), payload)]

    def closed(self, connection_id: ConnectionId, code: int, reason: str) -> list[Effect]:
        """A connection is to be closed."""
        return [Close(connection_id, code, reason)] if connection_id in self.seats else []
