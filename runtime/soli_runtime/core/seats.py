"""A seat is the one record that this process keeps of one of its connections.

Hub, broker, presence, delivery and conversations share it: a connection that is gone is gone from
all of them with its seat. What a seat says is how things are in program order: after a join the
connection is in the room, even while a broker still has to tell others.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from . import wire
from .effects import ConnectionId, RoomName

if TYPE_CHECKING:
    from .audience.subscribers import Subscribers


MAX_LINGERING = 10_000
"""Connections that linger; past it the one that was lost first is over at once."""


class Tracking:
    """One connection as one user in one room, as its owner knows it.

    Only the process that holds a connection tracks it, so what changes is decided here, at once.
    """

    __slots__ = ("body", "fields", "is_changed", "key", "ref", "state")

    def __init__(self, key: str, ref: str, state: str, fields: dict[str, Any]) -> None:
        self.key = key
        self.ref = ref
        self.state = state
        self.fields = fields
        self.body = wire.meta_body(state, fields)
        self.is_changed = False
        """Whether state or metadata ever changed since it was tracked (docs/spec §W5.12)."""

    def change(self, state: str, fields: dict[str, Any]) -> bool:
        """Take new metadata; the ref stays. False, and nothing happens, when it is the same.

        The order of keys is no difference; `1`, `1.0` and `true` are three different values.
        """
        body = wire.meta_body(state, fields)
        if body == self.body:
            return False
        if state == self.state and wire.canonical(fields) == wire.canonical(self.fields):
            return False
        self.state, self.fields, self.body = state, fields, body
        self.is_changed = True
        return True


class Attending:
    """What presence knows of a connection that takes part in it."""

    __slots__ = ("left", "subscribed", "tracked")

    def __init__(self) -> None:
        self.tracked: dict[RoomName, Tracking] = {}
        """As whom it is tracked: the owner's word."""
        self.subscribed: dict[RoomName, Subscribers] = {}
        """Rooms of which it has a snapshot."""
        self.left: dict[RoomName, None] = {}
        """Rooms that it left with users in them: it may still show those."""


class Seat:
    """What this process knows of one of its connections."""

    __slots__ = (
        "_attending",
        "bytes_under_way",
        "connection",
        "connection_id",
        "conversation",
        "is_behind",
        "is_closing",
        "returns",
        "rooms",
        "under_way",
    )

    def __init__(self, connection_id: ConnectionId, conversation: Any = None) -> None:
        self.connection_id = connection_id
        self.connection: Any = None
        """How to reach it: a `ws.connection.Connection`; None as long as nothing can be sent."""
        self.conversation = conversation
        """Whose events are handled: a `serving.sockets.conversations.Conversation`."""
        self.rooms: dict[RoomName, None] = {}
        """The rooms that it joined, most recently joined last."""
        self.is_closing = False
        """Whether its `disconnect` is being handled: nothing is sent to it any more."""
        self.under_way = 0
        """How many of its changes a broker has been told and not seen yet (see `broker`)."""
        self.returns: dict[RoomName, str] | None = None
        """Rooms that it comes back to, and its positions there (`history`), until it joins them.
        None: it has not opted in."""
        self.bytes_under_way = 0
        """And how large they are."""
        self.is_behind = False
        """Whether these are too many: then it is not read (`cluster.outbox`)."""
        self._attending: Attending | None = None

    @property
    def attending(self) -> Attending:
        """Its part in presence, made when it is first asked for: most connections have none."""
        if self._attending is None:
            self._attending = Attending()
        return self._attending

    def reached_by(self, connection: Any) -> None:
        """From now on something can be sent to it."""
        self.connection = connection

    def come_back(self, positions: dict[RoomName, str]) -> None:
        """It has opted in to be told its positions, and comes back from these."""
        self.returns = positions

    # Rooms

    def join(self, room: RoomName) -> bool:
        """Make *room* the most recent one. False if it was a member before."""
        is_new = room not in self.rooms
        self.rooms.pop(room, None)
        self.rooms[room] = None
        return is_new

    def count_with(self, rooms: Iterable[RoomName]) -> int:
        """In how many rooms it would be after joining *rooms*."""
        return len(self.rooms) + len({room for room in rooms if room not in self.rooms})

    # Presence

    def tracking(self, room: RoomName) -> Tracking | None:
        """As whom it is tracked in *room*."""
        return None if self._attending is None else self._attending.tracked.get(room)

    def tracked_rooms(self) -> tuple[RoomName, ...]:
        """Where it is tracked, in the order of tracking."""
        return () if self._attending is None else tuple(self._attending.tracked)

    def subscribed(self) -> tuple[Subscribers, ...]:
        """Whose snapshot it has."""
        return () if self._attending is None else tuple(self._attending.subscribed.values())

    def may_show(self, room: RoomName) -> bool:
        """Whether it left *room* while users were in it."""
        return self._attending is not None and room in self._attending.left


Seats: TypeAlias = dict[ConnectionId, Seat]
"""All connections of this process, oldest first."""


class Lingering:
    """Connections whose line broke, and whose presence stays for `presence-grace-seconds`.

    A client that comes back meanwhile is not seen to leave and to come again: its user is present
    all the time. When the time is over, the hub untracks what is left.
    """

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
