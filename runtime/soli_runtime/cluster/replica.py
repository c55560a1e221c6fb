"""What one node knows of all nodes: connections, members, trackings.

Fed with the operations of the log in their order; each makes effects on the connections of this
process. What a node holds can be told in one operation, its *account*: all of its connections,
members and trackings as they are in program order; a large one in pages (`accounts`). Others make
of what they know of it what the account says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..core.effects import SCAN, ConnectionId, Effect, RoomName, Slices, sliced
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
from .accounts import Accounts, Pages
from .host import Clock
from .operations import Account, LingeringEnded

Applier = Callable[[str, Any], list[Effect] | Slices]
"""Gets the node that an operation comes from, and the operation.

What concerns many is applied in slices. What stands behind it in the log waits for the last one, so
the order is that of the log in every node; meanwhile questions are answered as if connections had
come or gone one by one.
"""


class Members:
    """Who is a member of what, in all nodes."""

    def __init__(self) -> None:
        self.of_rooms: dict[RoomName, dict[ConnectionId, None]] = {}
        """The members of each room that has some, in the order of joining."""
        self.rooms: dict[ConnectionId, tuple[RoomName, ...]] = {}
        """The rooms of each connection that is in some."""

    def add(self, room: RoomName, connection_id: ConnectionId) -> None:
        """A connection joined."""
        members = self.of_rooms.setdefault(room, {})
        if connection_id not in members:
            members[connection_id] = None
            self.rooms[connection_id] = (*self.rooms.get(connection_id, ()), room)

    def discard(self, room: RoomName, connection_id: ConnectionId) -> None:
        """A connection left; it was no member: nothing."""
        members = self.of_rooms.get(room, {})
        if connection_id not in members:
            return
        del members[connection_id]
        if not members:
            del self.of_rooms[room]
        rooms = tuple(one for one in self.rooms.pop(connection_id) if one != room)
        if rooms:
            self.rooms[connection_id] = rooms


class Replica:
    """See the module. *origin* is the node whose operation is applied."""

    def __init__(self, arrivals: Arrivals, clock: Clock) -> None:
        self.node = ""
        """The name under which this node writes."""
        self.names: set[str] = set()
        """All that this node had."""
        self.accounts = Accounts()
        """Which nodes gave an account since this one began (anew)."""
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
        self._members = Members()
        self._tracked: dict[ConnectionId, dict[RoomName, None]] = {}
        self.lingering: dict[ConnectionId, str] = {}
        """Connections that are gone and whose presence stays, and the node that held each."""
        self.ended: dict[str, tuple[RoomName, ...]] = {}
        """Nodes that are dead and whose presence stays, and where."""
        self.is_learning = False
        """Whether this process has just begun, and takes from accounts what lingers, too."""

    def apply(self, origin: str, operation: Operation) -> list[Effect] | Slices:
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
        self.accounts.clear()

    def end_learning(self) -> None:
        """All that was there when this node began is known."""
        self.is_learning = False

    @property
    def room_count(self) -> int:
        """Rooms that have members, wherever those are."""
        return len(self._members.of_rooms)

    def whereabouts(self) -> dict[ConnectionId, tuple[str, tuple[RoomName, ...]]]:
        """For people: the process that each connection is in, and its rooms."""
        rooms = self._members.rooms
        return {
            connection_id: (node.rpartition(".")[0], rooms.get(connection_id, ()))
            for connection_id, node in self.homes.items()
        }

    def members(self, room: RoomName) -> list[ConnectionId]:
        """All members of a room, in the order of joining."""
        return list(self._members.of_rooms.get(room, ()))

    def member_count(self, room: RoomName) -> int:
        """How many these are."""
        return len(self._members.of_rooms.get(room, ()))

    def account(self, topics: Sequence[tuple[str, int]]) -> Pages:
        """What this node holds. *topics*: those of which it has subscribers, and how many."""
        return Pages(self._arrivals.seats, self._all_that_lingers(), topics)

    def _all_that_lingers(self) -> Iterator[list[Any]]:
        """Node and tracking of each that is gone and whose presence stays: those of this node.

        Those of dead nodes too: else who begins would not know them, though all others do.
        """
        roster = self._arrivals.presence.roster
        places = {room for rooms in self.ended.values() for room in rooms}
        places.update(room for one in self.lingering for room in self._tracked.get(one, ()))
        for room in places:
            for entry in roster[room].lingering() if room in roster else ():
                # Looked at again: pages are made while the world goes on.
                is_ours = entry.node == HERE or entry.node in self.ended
                if is_ours and roster.lingers(room, entry.connection_id):
                    yield [entry.node or self.node, room, *entry[:5]]

    def _connected(self, origin: str, operation: Connected) -> list[Effect]:
        self.homes[operation.connection_id] = origin
        self.accounts.connected(origin, operation.connection_id)
        return []

    def _disconnected(self, origin: str, operation: Disconnected) -> list[Effect]:
        self.homes.pop(operation.connection_id, None)
        return []

    def _joined(self, origin: str, operation: Joined) -> list[Effect]:
        self._members.add(operation.room, operation.connection_id)
        return self._arrivals.joined(operation, self._clock.time())

    def _left(self, origin: str, operation: Left) -> list[Effect]:
        self._members.discard(operation.room, operation.connection_id)
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
        """Nodes that are known and began no account since this one began."""
        known = set(self.homes.values()) | (set(self.lingering.values()) - self.names)
        return sorted(known - self.accounts.begun - {self.node})

    def end(self, node: str, *, lingers: bool = False) -> Slices:
        """All connections of a node are gone; its users leave their rooms.

        Or *lingers* their presence, until `LingeringEnded`.
        """
        self.accounts.forget(node)
        rooms: dict[RoomName, None] = {}
        for held in (self.homes, self.lingering):
            for connections in sliced(tuple(held)):
                gone = [one for one in connections if held[one] == node]
                for connection_id in gone:
                    del held[connection_id]
                    rooms |= self._tracked.pop(connection_id, {})
                yield self._forget_members(gone)
        if lingers and rooms:
            self.ended[node] = (*self.ended.get(node, ()), *rooms)
            for room in rooms:
                yield from self._arrivals.presence.linger_node(room, node)
        else:
            yield from self._drop(node, rooms)

    def _lingering_ended(self, origin: str, operation: LingeringEnded) -> Slices:
        """Whose node is dead and who did not come back leaves."""
        return self._drop(operation.node, self.ended.pop(operation.node, ()))

    def _drop(self, node: str, rooms: Iterable[RoomName]) -> Slices:
        for room in rooms:
            yield from self._arrivals.presence.drop_node(room, node, self._clock.time)

    def _forget_members(self, gone: Iterable[ConnectionId]) -> list[Effect]:
        effects: list[Effect] = []
        for connection_id in gone:
            for room in self._members.rooms.get(connection_id, ()):
                effects += self._left("", Left(connection_id, room))
        return effects

    def take_account(self, origin: str, account: Account) -> Slices:
        """Make of what is known of *origin* what it says, as far as this page tells of it."""
        connections, members, trackings, lingering, *_ = account
        told = self.accounts.read(origin, account)
        gone: list[ConnectionId] = []
        if told is not None:
            for some in sliced(tuple(self.homes), SCAN):
                gone += self._untold(origin, some, told)
                yield []
        before = (*gone, *(one for one in connections if one in self.homes))
        yield from self._take_trackings(origin, before, trackings)
        yield from self._take_members(before, members)
        for connection_id in gone:
            del self.homes[connection_id]
        for connection_id in connections:
            self.homes[connection_id] = origin
        yield []
        if self.is_learning:
            for gone_ones in sliced(lingering):
                yield self._learn_all(origin, gone_ones)

    def _untold(
        self, origin: str, some: Iterable[ConnectionId], told: set[ConnectionId]
    ) -> list[ConnectionId]:
        """Those of *some* of which *origin* would have told, if they were there."""
        names = self.names if origin == self.node else {origin}
        return [one for one in some if self.homes[one] in names and one not in told]

    def _learn_all(self, origin: str, lingering: Iterable[Sequence[Any]]) -> list[Effect]:
        effects: list[Effect] = []
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
        self, before: Sequence[ConnectionId], members: Sequence[Sequence[Any]]
    ) -> Slices:
        wanted = {(connection_id, room) for connection_id, room in members}
        for some in sliced(before):
            effects: list[Effect] = []
            for connection_id in some:
                for room in self._members.rooms.get(connection_id, ()):
                    if (connection_id, room) not in wanted:
                        effects += self._left("", Left(connection_id, room))
            yield effects
        for told in sliced(members):
            effects = []
            for connection_id, room in told:
                if room not in self._members.rooms.get(connection_id, ()):
                    effects += self._joined("", Joined(connection_id, room))
            yield effects

    def _take_trackings(
        self, origin: str, before: Sequence[ConnectionId], trackings: Sequence[Sequence[Any]]
    ) -> Slices:
        wanted = {(one[1], one[0]): (one[2], one[3]) for one in trackings}
        for some in sliced(before):
            effects: list[Effect] = []
            for connection_id in some:
                for room in tuple(self._tracked.get(connection_id, ())):
                    if wanted.get((connection_id, room)) != self._known(room, connection_id):
                        effects += self._untracked(origin, Untracked(room, connection_id))
            yield effects
        in_order = sorted(map(Tracked._make, trackings), key=lambda one: int(one.ref))
        for told in sliced(in_order):
            effects = []
            for one in told:
                if not self._holds(origin, one):
                    effects += self._tracked_by(origin, one)
            yield effects

    def _holds(self, origin: str, told: Tracked) -> bool:
        """Whether nothing is new: to track it again would send its owner a snapshot."""
        user = self._arrivals.presence.roster.tracked_as(told.room, told.connection_id)
        if user is None or user.key != told.key:
            return False
        meta, node = user.metas[told.connection_id], HERE if origin == self.node else origin
        known = (meta.ref, meta.body, meta.node, meta.lingers)
        return known == (told.ref, told.body, node, False)

    def _known(self, room: RoomName, connection_id: ConnectionId) -> tuple[str, str] | None:
        user = self._arrivals.presence.roster.tracked_as(room, connection_id)
        return None if user is None else (user.key, user.metas[connection_id].ref)
