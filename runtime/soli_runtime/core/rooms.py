"""Who is in which room, and which room a connection joined last. Membership and nothing else.

What is sent to a room goes to a cohort that lasts as long as the room has members; joining and
leaving say who enters and exits it. So a change of one member costs the same in any room.
"""

from __future__ import annotations

from collections.abc import Iterable

from .effects import Cohort, ConnectionId, Effect, Enter, Exit, Members, RoomName


class Room:
    """One room: its members in the order of joining, and the audience of what is sent to it."""

    __slots__ = ("audience", "cohort", "members")

    def __init__(self, name: RoomName) -> None:
        self.cohort = Cohort(name)
        self.audience = Members(self.cohort)
        self.members: dict[ConnectionId, None] = {}


class Rooms:
    """Rooms and their members, both in the order of joining.

    A room exists as long as it has members.
    """

    __slots__ = ("_joined", "_rooms")

    def __init__(self) -> None:
        self._rooms: dict[RoomName, Room] = {}
        self._joined: dict[ConnectionId, dict[RoomName, None]] = {}
        """The rooms of a connection, most recently joined last. Absent: none."""

    def join(self, connection_id: ConnectionId, room: RoomName) -> Enter | None:
        """Make *room* the connection's most recent one. None if it was a member before."""
        joined = self._joined.setdefault(connection_id, {})
        if room in joined:
            del joined[room]
            joined[room] = None
            return None
        joined[room] = None
        found = self._rooms.get(room)
        if found is None:
            found = self._rooms[room] = Room(room)
        found.members[connection_id] = None
        return Enter(connection_id, found.cohort)

    def leave(self, connection_id: ConnectionId, room: RoomName) -> Exit | None:
        """Take the connection out of *room*. None, and nothing happens, if it is not in it."""
        joined = self._joined.get(connection_id)
        if joined is None or room not in joined:
            return None
        del joined[room]
        if not joined:
            del self._joined[connection_id]
        found = self._rooms[room]
        del found.members[connection_id]
        if not found.members:
            del self._rooms[room]
        return Exit(connection_id, found.cohort)

    def leave_all(self, connection_id: ConnectionId) -> list[Effect]:
        """Take the connection out of every room."""
        exits = [self.leave(connection_id, room) for room in self.of(connection_id)]
        return [effect for effect in exits if effect is not None]

    def current(self, connection_id: ConnectionId) -> RoomName | None:
        """The room that the connection joined last and has not left."""
        joined = self._joined.get(connection_id)
        return next(reversed(joined)) if joined else None

    def of(self, connection_id: ConnectionId) -> tuple[RoomName, ...]:
        """The rooms of a connection, most recently joined last."""
        return tuple(self._joined.get(connection_id, ()))

    def count_with(self, connection_id: ConnectionId, rooms: Iterable[RoomName]) -> int:
        """In how many rooms the connection would be after joining *rooms*."""
        joined = self._joined.get(connection_id, {})
        return len(joined) + len({room for room in rooms if room not in joined})

    def contains(self, room: RoomName, connection_id: ConnectionId) -> bool:
        """Whether the connection is a member of *room*."""
        return room in self._joined.get(connection_id, ())

    def members(self, room: RoomName) -> tuple[ConnectionId, ...]:
        """The members of *room* in the order of joining; empty for an unknown room."""
        found = self._rooms.get(room)
        return () if found is None else tuple(found.members)

    def audience(self, room: RoomName) -> Members | None:
        """To whom a message to *room* goes, the same object while it has members; None if empty."""
        found = self._rooms.get(room)
        return None if found is None else found.audience

    def __len__(self) -> int:
        """How many rooms have members."""
        return len(self._rooms)
