"""What one node knows of all nodes: connections, members, trackings.

Fed with the operations of the log in their order; each makes effects on the connections of this
process. What a node holds can be told in one operation, its *account*: all of its connections,
members and trackings as they are in program order. Others make of what they know of it what the
account says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.effects import ConnectionId, Effect, RoomName
from ..core.operations.arrivals import Arrivals
from ..core.operations.records import (
    Connected,
    Disconnected,
    Joined,
    Left,
    Lingered,
    Operation,
    Tracked,
    Untracked,
)
from ..core.roster import HERE, Entry
from ..core.seats import Seat
from .host import Clock
from .operations import Account, LingeringEnded

Applier = Callable[[str, Any], list[Effect]]
"""Gets the node that an operation comes from, and the operation."""


class Replica:
    """See the module. *origin* is the node whose operation is applied."""

    def __init__(self, arrivals: Arrivals, clock: Clock) -> None:
        self.node = ""
        """The name under which this node writes."""
        self.names: set[str] = set()
        """All that this node had."""
        self.accounted: set[str] = set()
        """Nodes that gave an account since this one began (anew)."""
        self.homes: dict[ConnectionId, str] = {}
        """All connections, and the node that holds each."""
        self._clock = clock
        self._arrivals = arrivals
        self._appliers: dict[type[Any], Applier] = {
            Connected: self._connected,
            Disconnected: self._disconnected,
            Joined: self._joined,
            Left: self._left,
            Tracked: self._tracked_by,
            Untracked: self._untracked,
            Lingered: self._lingered,
            LingeringEnded: self._lingering_ended,
        }
        self._members: dict[RoomName, dict[ConnectionId, None]] = {}
        self._tracked: dict[ConnectionId, dict[RoomName, None]] = {}
        self.lingering: dict[ConnectionId, str] = {}
        """Connections that are gone and whose presence stays, and the node that held each."""
        self.ended: dict[str, tuple[RoomName, ...]] = {}
        """Nodes that are dead and whose presence stays, and where."""
        self.is_learning = False
        """Whether this process has just begun, and takes from accounts what lingers, too."""

    def apply(self, origin: str, operation: Operation) -> list[Effect]:
        """One operation of *origin* that is no account, in its turn."""
        applier = self._appliers.get(operation.__class__)
        if applier is not None:
            return applier(origin, operation)
        return self._arrivals.apply(operation, self._clock.time())

    def begin(self, node: str) -> None:
        """This node writes as *node* from now on."""
        self.is_learning = not self.names
        self.names.add(node)
        self.node = node
        self.accounted.clear()

    def end_learning(self) -> None:
        """All that was there when this node began is known."""
        self.is_learning = False

    @property
    def room_count(self) -> int:
        """Rooms that have members, wherever those are."""
        return len(self._members)

    def whereabouts(self) -> dict[ConnectionId, tuple[str, tuple[RoomName, ...]]]:
        """For people: the process that each connection is in, and its rooms."""
        rooms: dict[ConnectionId, list[RoomName]] = {}
        for room, members in self._members.items():
            for connection_id in members:
                rooms.setdefault(connection_id, []).append(room)
        return {
            connection_id: (node.rpartition(".")[0], tuple(rooms.get(connection_id, ())))
            for connection_id, node in self.homes.items()
        }

    def members(self, room: RoomName) -> list[ConnectionId]:
        """All members of a room, in the order of joining."""
        return list(self._members.get(room, ()))

    def member_count(self, room: RoomName) -> int:
        """How many these are."""
        return len(self._members.get(room, ()))

    def account(self, topics: Sequence[tuple[str, int]]) -> Account:
        """What this node holds. *topics*: those of which it has subscribers, and how many."""
        seats = self._arrivals.seats.values()
        return Account(
            [seat.connection_id for seat in seats],
            [[seat.connection_id, room] for seat in seats for room in seat.rooms],
            [list(_tracked(seat, room)) for seat in seats for room in seat.tracked_rooms()],
            self._all_that_lingers(),
            topics,
        )

    def _all_that_lingers(self) -> list[list[Any]]:
        """Node and tracking of each that is gone and whose presence stays: those of this node.

        Those of dead nodes too: else who begins would not know them, though all others do.
        """
        roster = self._arrivals.presence.roster
        places = {room for rooms in self.ended.values() for room in rooms}
        places.update(room for one in self.lingering for room in self._tracked.get(one, ()))
        return [
            [entry.node or self.node, room, *entry[:5]]
            for room in places
            for entry in (roster[room].lingering() if room in roster else ())
            if entry.node == HERE or entry.node in self.ended
        ]

    def _connected(self, origin: str, operation: Connected) -> list[Effect]:
        self.homes[operation.connection_id] = origin
        return []

    def _disconnected(self, origin: str, operation: Disconnected) -> list[Effect]:
        self.homes.pop(operation.connection_id, None)
        return []

    def _joined(self, origin: str, operation: Joined) -> list[Effect]:
        self._members.setdefault(operation.room, {})[operation.connection_id] = None
        return self._arrivals.joined(operation, self._clock.time())

    def _left(self, origin: str, operation: Left) -> list[Effect]:
        members = self._members.get(operation.room)
        if members is not None:
            members.pop(operation.connection_id, None)
            if not members:
                del self._members[operation.room]
        return self._arrivals.left(operation, self._clock.time())

    def _tracked_by(self, origin: str, operation: Tracked) -> list[Effect]:
        self._tracked.setdefault(operation.connection_id, {})[operation.room] = None
        entry = operation.entry(HERE if origin == self.node else origin)
        return self._arrivals.presence.track(operation.room, entry, self._clock.time())

    def _untracked(self, origin: str, operation: Untracked) -> list[Effect]:
        room, connection_id = operation
        rooms = self._tracked.get(connection_id)
        if rooms is not None:
            rooms.pop(room, None)
            if not rooms:
                del self._tracked[connection_id]
                self.lingering.pop(connection_id, None)
        return self._arrivals.untracked(operation, self._clock.time())

    def _lingered(self, origin: str, operation: Lingered) -> list[Effect]:
        rooms = self._tracked.get(operation.connection_id, ())
        for room in rooms:
            self._arrivals.presence.linger(room, operation.connection_id)
        if rooms:
            self.lingering[operation.connection_id] = origin
        return []

    def unaccounted(self) -> list[str]:
        """Nodes that are known and gave no account since this one began."""
        known = set(self.homes.values()) | (set(self.lingering.values()) - self.names)
        return sorted(known - self.accounted - {self.node})

    def end(self, node: str, *, lingers: bool = False) -> list[Effect]:
        """All connections of a node are gone; its users leave each room in one diff.

        Or *lingers* their presence, until `LingeringEnded`.
        """
        self.accounted.discard(node)
        gone = [one for one, home in self.homes.items() if home == node]
        rooms: dict[RoomName, None] = {}
        for connection_id in (
            *gone,
            *(one for one, home in self.lingering.items() if home == node),
        ):
            self.homes.pop(connection_id, None)
            self.lingering.pop(connection_id, None)
            rooms |= self._tracked.pop(connection_id, {})
        effects = self._forget_members(set(gone))
        if lingers and rooms:
            self.ended[node] = (*self.ended.get(node, ()), *rooms)
            for room in rooms:
                self._arrivals.presence.linger_node(room, node)
            return effects
        return effects + self._drop(node, rooms)

    def _lingering_ended(self, origin: str, operation: LingeringEnded) -> list[Effect]:
        """Whose node is dead and who did not come back leaves each room in one diff."""
        return self._drop(operation.node, self.ended.pop(operation.node, ()))

    def _drop(self, node: str, rooms: Iterable[RoomName]) -> list[Effect]:
        effects: list[Effect] = []
        for room in rooms:
            effects += self._arrivals.presence.drop_node(room, node, self._clock.time())
        return effects

    def _forget_members(self, gone: set[ConnectionId]) -> list[Effect]:
        effects: list[Effect] = []
        for room, members in tuple(self._members.items()) if gone else ():
            for connection_id in tuple(members):
                if connection_id in gone:
                    effects += self._left("", Left(connection_id, room))
        return effects

    def take_account(self, origin: str, account: Account) -> list[Effect]:
        """Make of what is known of *origin* what it says."""
        connections, members, trackings, lingering, _ = account
        self.accounted.add(origin)
        held = dict.fromkeys(connections)
        names = self.names if origin == self.node else {origin}
        before = {one for one, home in self.homes.items() if home in names or one in held}
        effects = self._take_trackings(origin, before, trackings)
        effects += self._take_members(before, members)
        for connection_id in before - held.keys():
            del self.homes[connection_id]
        for connection_id in connections:
            self.homes[connection_id] = origin
        if self.is_learning:
            for node, room, *fields in lingering:
                effects += self._learn(origin, node, room, Entry(*fields)._replace(node=node))
        return effects

    def _learn(self, origin: str, node: str, room: RoomName, entry: Entry) -> list[Effect]:
        """Presence of a connection that is gone, which all but this process know of."""
        presence = self._arrivals.presence
        there = presence.roster.get(room)
        if there is not None and entry.key in there.users:
            return []  # told by another node, or its user came back meanwhile
        effects = presence.track(room, entry, self._clock.time())
        presence.linger(room, entry.connection_id)
        if node == origin:
            self._tracked.setdefault(entry.connection_id, {})[room] = None
            self.lingering[entry.connection_id] = node
        else:
            self.ended[node] = (*self.ended.get(node, ()), room)
        return effects

    def _take_members(
        self, before: set[ConnectionId], members: Sequence[Sequence[Any]]
    ) -> list[Effect]:
        effects: list[Effect] = []
        wanted = {(connection_id, room) for connection_id, room in members}
        for room, known in tuple(self._members.items()) if before else ():
            for connection_id in tuple(known):
                if connection_id in before and (connection_id, room) not in wanted:
                    effects += self._left("", Left(connection_id, room))
        for connection_id, room in members:
            if connection_id not in self._members.get(room, ()):
                effects += self._joined("", Joined(connection_id, room))
        return effects

    def _take_trackings(
        self, origin: str, before: set[ConnectionId], trackings: Sequence[Sequence[Any]]
    ) -> list[Effect]:
        effects: list[Effect] = []
        wanted = {(one[1], one[0]): (one[2], one[3]) for one in trackings}
        for connection_id in before:
            for room in tuple(self._tracked.get(connection_id, ())):
                if wanted.get((connection_id, room)) != self._known(room, connection_id):
                    effects += self._untracked(origin, Untracked(room, connection_id))
        for one in sorted(trackings, key=lambda one: int(one[3])):
            effects += self._tracked_by(origin, Tracked(*one))
        return effects

    def _known(self, room: RoomName, connection_id: ConnectionId) -> tuple[str, str] | None:
        user = self._arrivals.presence.roster.tracked_as(room, connection_id)
        return None if user is None else (user.key, user.metas[connection_id].ref)


def _tracked(seat: Seat, room: RoomName) -> Tracked:
    tracking = seat.attending.tracked[room]
    return Tracked(
        room,
        seat.connection_id,
        tracking.key,
        tracking.ref,
        tracking.body,
        tracking.is_changed,
    )
