"""The place where several processes meet.

The hub decides for the connections of this process and tells every operation to a `Broker`; it
never assumes that all connections are here. The broker gives the operations of all processes one
order. When the turn of one has come it takes effect (`arrivals`), in every process, the one that it
came from included: nothing overtakes. An operation returns what is to be done *in this process,
now*: everything, where the turn comes at once; nothing, where it has yet to come, and then the
broker hands the effects to the sockets itself.

What concerns one connection alone (a reply, its closing) comes in program order too: while
operations of that connection are pending (`Seat.under_way`), it waits behind them
(`Order.BEHIND_PENDING`).

`tests/support/broker_conformance.py` is the suite that any implementation must pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..answers import Answer
from ..effects import ConnectionId, Effect, Payload, RoomName, Send, SendOptions
from ..history.rings import Past
from .arrivals import TIMELESS, Arrivals
from .records import Change, Joined, Message, MessageToAll, StateChanged, Submitted


class Broker(Protocol):
    """Carries operations to all processes, and knows what is there everywhere.

    Connections that an operation names are those of this process, except in `Closed` and
    `MessageToOne`. *actor* is the connection whose handler asks for it, None if none does: its
    later replies come after.
    """

    def change(self, operation: Change, now: float) -> list[Effect]:
        """A connection changes its rooms or its presence, at *now* in seconds."""
        ...

    def submit(self, operation: Submitted, actor: ConnectionId | None = None) -> list[Effect]:
        """Everything else."""
        ...

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        """Submit a `Message`: the hottest of all, so it has a way of its own."""
        ...

    def tell_state(
        self, operation: StateChanged, now: float, actor: ConnectionId | None = None
    ) -> list[Effect]:
        """The state of a room was changed, where it is kept, at *now* in seconds."""
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

    __slots__ = ("_apply", "_arrivals", "_history", "_presence", "_rooms", "_seats", "_told")

    def __init__(self, arrivals: Arrivals) -> None:
        self._told: Callable[[ConnectionId], None] | None = None
        self._arrivals = arrivals
        self._apply = arrivals.appliers
        self._rooms = arrivals.rooms
        self._seats = arrivals.seats
        self._presence = arrivals.presence
        self._history = arrivals.history

    def tell_of_publishers(self, told: Callable[[ConnectionId], None] | None) -> None:
        """From now on tell *told* which connections have something sent to many; None: nobody."""
        self._told = told

    def change(self, operation: Change, now: float) -> list[Effect]:
        if self._arrivals.states.rules and operation.__class__ is Joined:
            # Whoever was here before its state ended has seen less than who joins now.
            self._history.place += 1
        return self._apply[operation.__class__](operation, now)

    def submit(self, operation: Submitted, actor: ConnectionId | None = None) -> list[Effect]:
        if self._told is not None and actor is not None and operation.__class__ is MessageToAll:
            self._told(actor)
        return self._apply[operation.__class__](operation, TIMELESS)

    def publish(
        self,
        room: RoomName,
        payload: Payload,
        actor: ConnectionId | None = None,
        options: SendOptions | None = None,
    ) -> list[Effect]:
        if self._told is not None and actor is not None:
            self._told(actor)
        found = self._rooms.get(room)
        if found is None or found.keeps or options is not None:
            self._history.place += 1
            return self._arrivals.message(Message(room, payload, options), TIMELESS)
        return [Send(found.recipients, payload)]  # written out: no record for the hottest of all

    def tell_state(
        self, operation: StateChanged, now: float, actor: ConnectionId | None = None
    ) -> list[Effect]:
        self._history.place += 1
        if actor is not None:
            self._arrivals.states.caused(operation.room, actor)
        return self._arrivals.state_changed(operation, now)

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
